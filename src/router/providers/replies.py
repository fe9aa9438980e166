"""What the readers of all providers' bodies share. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from router.conversation.blocks import ToolCall
from router.encoding import clean, mapping_of
from router.errors import BadResponse


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


def list_of(value: Any) -> list[Any]:
    """Return ``value`` if it is a JSON array, an empty one for anything else."""
    return value if isinstance(value, list) else []


def tool_call(call_id: Any, name: Any, arguments: Any) -> ToolCall | None:
    """Return the call that a body holds, ``None`` if it cannot be made: no id, or no name.

    Arguments are an object, or JSON text as it was written.
    """
    if not isinstance(call_id, str) or not call_id or not isinstance(name, str) or not name:
        return None
    if isinstance(arguments, Mapping):
        arguments = json.dumps(arguments, ensure_ascii=False)
    if not isinstance(arguments, str | None):
        return None
    return ToolCall(clean(call_id), clean(name), clean(arguments or ""))


def calls_of(found: Iterable[ToolCall | None], *, cut: bool) -> tuple[ToolCall, ...] | None:
    """Return the calls of an answer, ``None`` if one of them cannot be made.

    Of an answer that the limit ``cut`` all is kept that has a name: its arguments may be half.
    """
    calls = list(found)
    if cut:
        return tuple(call for call in calls if call is not None)
    if any(call is None or call.input is None for call in calls):
        return None
    return tuple(call for call in calls if call is not None)


def is_answer(
    text: str,
    calls: tuple[ToolCall, ...] | None,
    stop: str | None,
    answered: Collection[str],
    called: str,
) -> bool:
    """Return whether a text and calls are an answer: with calls a text is not needed.

    ``called`` is the provider's reason to stop for tools; some servers give another one.
    """
    if calls is None:
        return False
    if calls:
        return stop == called or stop in answered
    return bool(text.strip()) and stop in answered


def bad_answer(detail: str, calls: tuple[ToolCall, ...] | None, **facts: Any) -> BadResponse:
    """Return the error for a body without an answer, from what was read of its calls."""
    return BadResponse("a tool call that cannot be made" if calls is None else detail, **facts)
