"""Pages opened as files in a real Chromium."""

from dataclasses import dataclass, field

import pytest

from tests.support.chromium import chromium


@dataclass
class Opened:
    """A page in the browser, with all it said and all it asked the network for."""

    page: object
    said: list = field(default_factory=list)
    asked: list = field(default_factory=list)

    def text(self, selector):
        return self.page.inner_text(selector)

    def rows(self, table):
        """Return the lines of a table by their first cell, a figure by its heading."""
        lines = self.page.eval_on_selector_all(
            f"{table} tr", "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
        )
        headings, *body = lines
        return {line[0]: dict(zip(headings, line, strict=True)) for line in body}

    def choose(self, **filters):
        """Set filters, and wait until the page shows what they leave."""
        for name, value in filters.items():
            before = self.page.get_attribute("body", "data-ready")
            if name in ("tenant", "model"):
                self.page.select_option(f"#{name}", label=value)
            else:
                self.page.fill(f"#{name}", value)
            self.page.wait_for_function(
                "before => document.body.dataset.ready !== before", arg=before
            )


@pytest.fixture(scope="session")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def open_page(browser, tmp_path):
    """Open HTML in a fresh window; colour scheme and size are the caller's."""
    contexts = []

    def open_it(html, scheme="light", width=1280):
        file = tmp_path / "page.html"
        file.write_text(html, encoding="utf-8")
        context = browser.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 900}, reduced_motion="reduce"
        )
        contexts.append(context)
        opened = Opened(context.new_page())
        opened.page.on("console", lambda message: opened.said.append(message.text))
        opened.page.on("pageerror", lambda error: opened.said.append(str(error)))
        opened.page.on("request", lambda request: opened.asked.append(request.url))
        opened.page.goto(file.as_uri())
        opened.page.wait_for_selector("body[data-ready]")
        return opened

    yield open_it
    for context in contexts:
        context.close()
