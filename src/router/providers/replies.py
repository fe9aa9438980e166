"""What the readers of all providers' bodies share. Pure."""

from __future__ import annotations

from typing import Any

from router.encoding import mapping_of


def joined_text(blocks: Any, kind: str | None = None) -> str:
    """Return the text of an answer's blocks; the first may be reasoning, so that kind decides.

    ``kind`` is the ``type`` of a block of text, if blocks name theirs.
    """
    if not isinstance(blocks, list):
        return ""
    parts = (mapping_of(block) for block in blocks)
    texts = (part.get("text") for part in parts if kind is None or part.get("type") == kind)
    return "".join(text for text in texts if isinstance(text, str))


def shown(reason: Any) -> str:
    """Return why a model stopped, as far as it is a word: anything else may be text."""
    return reason[:40] if isinstance(reason, str) and reason.isidentifier() else "none known"
