"""Whatever is in a PDF's bytes, it has pages, or it is unreadable: nothing else comes of it."""

from __future__ import annotations

import io
import logging
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfWriter

from router.workflows.documents.content import UnreadableDocument
from router.workflows.documents.extraction import content_of
from router.workflows.documents.pdf import pages_alone
from tests.support.pdfs import pdf_of


def compressed(body: bytes) -> bytes:
    writer, made = PdfWriter(clone_from=io.BytesIO(body)), io.BytesIO()
    for page in writer.pages:
        page.compress_content_streams()
    writer.write(made)
    return made.getvalue()


PLAIN = pdf_of("Rotate the key with one command", 5, None, 7)
FILES = (PLAIN, compressed(PLAIN))
CHANGES = st.lists(
    st.tuples(st.integers(0, 1 << 16), st.integers(0, 12), st.binary(max_size=6)), max_size=12
)


@given(st.sampled_from(FILES), CHANGES)
def test_a_changed_file_is_read_or_unreadable(
    file: bytes, changes: list[tuple[int, int, bytes]]
) -> None:
    body = bytearray(file)
    for place, taken, put in changes:
        at = place % len(body) if body else 0
        body[at : at + taken] = put

    read(bytes(body))


@pytest.mark.parametrize("name", [b"/FlateDecodf", b"/Fl", b"/Crypt", b"/JBIG2Decode"])
def test_a_filter_that_nobody_knows_makes_an_unreadable_document(name: bytes) -> None:
    read(FILES[1].replace(b"/FlateDecode", name))


def read(body: bytes) -> None:
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    with suppress(UnreadableDocument):
        pages_alone(body, content_of("a.pdf", body).scans)
