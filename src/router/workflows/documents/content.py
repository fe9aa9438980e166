"""What a document holds: its text, and of a PDF the pages, with those that have no text. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from router.errors import RouterError
from router.workflows.corpus.splitting import split


class UnreadableDocument(RouterError):
    """A document has no text that can be read; the message has the reason."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a PDF with its text layer. A ``is_scan`` page shows something, and has no text."""

    number: int
    text: str
    is_scan: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """The text of a document; of a PDF also its ``pages``."""

    text: str
    pages: tuple[Page, ...] = ()

    @property
    def scans(self) -> tuple[int, ...]:
        """The numbers of the pages that have no text."""
        return tuple(page.number for page in self.pages if page.is_scan)

    def chunks(self, read: Mapping[int, str] | None) -> tuple[str, ...]:
        """Return the texts of the chunks; ``read`` are the texts of scanned pages by number.

        ``None`` means that nobody reads them. If somebody does, a chunk begins with its page.
        """
        if read is None or not self.scans:
            return tuple(split(self.text))
        return tuple(
            chunk
            for page in self.pages
            for chunk in split(_text_of(page, read), under=f"Page {page.number}")
        )


def _text_of(page: Page, read: Mapping[int, str]) -> str:
    return read.get(page.number, "") if page.is_scan else page.text
