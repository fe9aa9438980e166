"""The text of a document, by the ending of its name: text, Markdown, HTML, PDF.

Whatever a document holds, it ends as text, as pages without one, or as ``UnreadableDocument`` with
the reason.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

from router.encoding import clean
from router.workflows.documents.content import Content, UnreadableDocument

MOST_BYTES = 20_000_000
_TEXT = frozenset({
    "", "csv", "json", "jsonl", "log", "markdown", "md", "rst", "txt", "yaml", "yml",
})  # fmt: skip
_HTML = frozenset({"htm", "html", "xhtml"})
_BREAKS = frozenset({
    "article", "blockquote", "br", "dd", "div", "dt", "li", "p", "pre", "section", "table", "tr",
    "ul",
})  # fmt: skip
_SILENT = frozenset({"head", "noscript", "script", "style", "template"})
_MANY_LINES = re.compile(r"\n{3,}")


def content_of(name: str, body: bytes) -> Content:
    """Return what a document holds, or raise ``UnreadableDocument``.

    Without a text it has pages at least that a model can be shown.
    """
    if len(body) > MOST_BYTES:
        raise UnreadableDocument(f"it has {len(body)} bytes; {MOST_BYTES} are read: split it")
    file = name.rpartition("/")[2]
    ending = file.rpartition(".")[2].lower() if "." in file else ""
    if ending in _TEXT:
        found = Content(_tidy(_decoded(body)))
    elif ending in _HTML:
        found = Content(_tidy(_html(_decoded(body))))
    elif ending == "pdf":
        found = _pdf(body)
    else:
        raise UnreadableDocument(f"no reader for .{ending[:20]}: give text, Markdown, HTML or PDF")
    if not (found.text or found.scans):
        raise UnreadableDocument("it has no text")
    return found


def _tidy(text: str) -> str:
    return clean(text).strip()


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableDocument("it is not UTF-8 text") from None


class _Page(HTMLParser):
    """Text as it is read: headings as Markdown has them, no scripts, a line for each block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self._silent += tag in _SILENT
        if re.fullmatch("h[1-6]", tag):
            self.parts.append(f"\n\n{'#' * int(tag[1])} ")
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT and self._silent > 0
        if tag in _BREAKS or re.fullmatch("h[1-6]", tag):
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(re.sub(r"\s+", " ", data))


def _html(text: str) -> str:
    page = _Page()
    page.feed(text)
    page.close()
    lines = (line.strip() for line in "".join(page.parts).splitlines())
    return _MANY_LINES.sub("\n\n", "\n".join(lines))


def _pdf(body: bytes) -> Content:
    # It is loaded only where a PDF comes: it takes as long as all else of a cold start.
    from router.workflows.documents.pdf import pages_of

    pages = tuple(replace(page, text=clean(page.text)) for page in pages_of(body))
    # What is stamped on pictures is no text of a document that has no other.
    has_text = any(page.text.strip() for page in pages if not page.is_scan)
    return Content(_tidy("\n\n".join(page.text for page in pages)) if has_text else "", pages)
