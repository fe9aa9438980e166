"""What a model is asked about scanned pages: which go together, under which id, in which words.

The pages of a version are steps of the run that this version's own event starts, whichever run asks
for them: another event, or a start by hand, finds them read, and nothing is paid twice. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from router.catalog.file_limits import file_limits
from router.encoding import json_object
from router.workflows.run import Run, fingerprint

MOST_TOGETHER = file_limits("bedrock", None).documents or 1
"""Pages of a request, each a document of its own: no provider takes fewer than Converse."""

_MOST_BYTES = 10_000_000
"""Of a request's pages: as base64 far below what the providers take, and a function can hold."""

_TOKENS_A_PAGE = 2_000
"""A page of small print has 1,500 words; a request reserves what its answer may cost."""

UNREADABLE = "[unreadable]"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A scanned page as a PDF of its own."""

    number: int
    body: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    @property
    def field(self) -> str:
        """Its name in the answer."""
        return f"page_{self.number}"


def together(sheets: Sequence[Sheet]) -> Iterator[tuple[Sheet, ...]]:
    """Yield the pages of each request, in their order; one that is too large goes alone."""
    group: list[Sheet] = []
    for sheet in sheets:
        size = sum(len(each.body) for each in (*group, sheet))
        if group and (len(group) == MOST_TOGETHER or size > _MOST_BYTES):
            yield tuple(group)
            group = []
        group.append(sheet)
    if group:
        yield tuple(group)


def step_of(group: Sequence[Sheet], tier: str) -> str:
    """Return the name of a request's step: its pages, and what they are and are asked."""
    asked = fingerprint([tier, _instructions(), [sheet.sha256 for sheet in group]])
    return f"pages-{group[0].number}-{group[-1].number}-{asked}"


def request_of(
    run: Run, group: Sequence[Sheet], tier: str, kept: Callable[[Sheet], str]
) -> dict[str, Any]:
    """Return the request for a transcription; ``kept`` stores a page and returns its address."""
    numbers = ", ".join(str(sheet.number) for sheet in group)
    files = [
        {
            "type": "file",
            "file": {"filename": f"page-{sheet.number}.pdf", "file_data": kept(sheet)},
        }
        for sheet in group
    ]
    words = {"type": "text", "text": f"Transcribe page {numbers}."}
    return run.request(
        step_of(group, tier),
        {
            "system": _instructions(),
            "messages": [{"role": "user", "content": [*files, words]}],
            "response_schema": _schema(group),
            "max_tokens": _TOKENS_A_PAGE * len(group),
            "tier": tier,
        },
    )


def texts_of(group: Sequence[Sheet], answer: str) -> dict[int, str] | None:
    """Return the texts of the pages by number; ``None`` if the answer has not all of them."""
    found = json_object(answer)
    texts = {sheet.number: found.get(sheet.field) for sheet in group}
    if not all(isinstance(text, str) for text in texts.values()):
        return None
    return {number: str(text).strip() for number, text in texts.items()}


def _schema(group: Sequence[Sheet]) -> Mapping[str, Any]:
    names = [sheet.field for sheet in group]
    return {
        "type": "object",
        "additionalProperties": False,
        "required": names,
        "properties": {name: {"type": "string"} for name in names},
    }


@lru_cache(maxsize=1)
def _instructions() -> str:
    return Path(__file__).with_name("pages.md").read_text(encoding="utf-8").strip()
