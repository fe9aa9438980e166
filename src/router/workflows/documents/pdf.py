"""The pages of a PDF: their text layer, which of them are scans, and one page as a PDF of its own.

Whatever is wrong with a file ends as ``UnreadableDocument``.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject

from router.workflows.documents.content import Page, UnreadableDocument

_STAMP = 20
"""Characters: what scanners print on a page, such as its number, makes no text layer."""
_DRAWN = re.compile(rb"/([^\s/<>\[\]()]+)\s+Do\b")
_PICTURE = re.compile(rb"\bDo\b|\bBI\b")


def pages_of(body: bytes) -> list[Page]:
    """Return the pages with the text that their layer has."""
    with _readable():
        return [
            Page(number, text := page.extract_text(), _is_scan(page, text))
            for number, page in enumerate(PdfReader(io.BytesIO(body)).pages, start=1)
        ]


def pages_alone(body: bytes, numbers: Iterable[int]) -> dict[int, bytes]:
    """Return pages as PDFs of one page each: the same bytes for the same page."""
    with _readable():
        pages = PdfReader(io.BytesIO(body)).pages
        return {number: _alone(pages[number - 1]) for number in numbers}


def _is_scan(page: PageObject, text: str) -> bool:
    """Return whether a page shows something that is not in its text layer."""
    characters = len("".join(text.split()))
    if characters > _STAMP:
        return False
    drawn = _drawing(page)
    # Letters that are drawn as lines are no picture, and no text either.
    return bool(_PICTURE.search(drawn) if characters else drawn.strip())


def _drawing(page: PageObject) -> bytes:
    contents = page.get_contents()
    return b"" if contents is None else contents.get_data()


def _alone(page: PageObject) -> bytes:
    _leave_out_other_pages_pictures(page)
    writer, made = PdfWriter(), io.BytesIO()
    writer.add_page(page)
    writer.write(made)
    return made.getvalue()


def _leave_out_other_pages_pictures(page: PageObject) -> None:
    """Some scanners list the pictures of all pages with each page."""
    resources = page.get("/Resources", DictionaryObject()).get_object()
    pictures = resources.get("/XObject", DictionaryObject()).get_object()
    drawn = {f"/{name.decode('latin-1')}" for name in _DRAWN.findall(_drawing(page))}
    own = DictionaryObject({name: pictures.raw_get(name) for name in pictures if name in drawn})
    rest = {name: resources.raw_get(name) for name in resources}
    page[NameObject("/Resources")] = DictionaryObject({**rest, NameObject("/XObject"): own})


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # a broken file shows pypdf's own faults, of any kind
        raise UnreadableDocument(f"it is no PDF that can be read: {type(error).__name__}") from None
