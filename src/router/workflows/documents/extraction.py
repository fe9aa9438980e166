"""The text of a document, by the ending of its name: text, Markdown, HTML, PDF with a text layer.

Whatever a document holds, it ends as text or as ``UnreadableDocument`` with the reason.
"""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser

from router.encoding import clean
from router.errors import RouterError

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


class UnreadableDocument(RouterError):
    """A document has no text that can be read; the message has the reason."""


def text_of(name: str, body: bytes) -> str:
    """Return the text of a document, or raise ``UnreadableDocument``."""
    if len(body) > MOST_BYTES:
        raise UnreadableDocument(f"it has {len(body)} bytes; {MOST_BYTES} are read: split it")
    file = name.rpartition("/")[2]
    ending = file.rpartition(".")[2].lower() if "." in file else ""
    if ending in _TEXT:
        found = _decoded(body)
    elif ending in _HTML:
        found = _html(_decoded(body))
    elif ending == "pdf":
        found = _pdf(body)
    else:
        raise UnreadableDocument(f"no reader for .{ending[:20]}: give text, Markdown, HTML or PDF")
    text = clean(found).strip()
    if not text:
        raise UnreadableDocument("it has no text; scanned pages are not read")
    return text


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


def _pdf(body: bytes) -> str:
    # It is loaded only where a PDF comes: it takes as long as all else of a cold start.
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        pages = [page.extract_text() for page in PdfReader(io.BytesIO(body)).pages]
    except (PyPdfError, ValueError, KeyError, TypeError, RecursionError, AttributeError) as error:
        raise UnreadableDocument(f"it is no PDF that can be read: {type(error).__name__}") from None
    return "\n\n".join(pages)
