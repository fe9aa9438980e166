"""A loop of tool calls: which model makes it, and whether it gets anywhere. Pure.

The id of a tool call carries a tag of the model that made it. Clients send ids back as they are, so
that a loop's next request needs no memory of ours to find its model.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace

from router.conversation.blocks import Conversation, Reasoning, ToolCall

_LONGEST_ID = 64
_TAGGED = re.compile(r".+-fg([0-9a-f]{8})")
# Of so many calls, so many are the same, the newest among them: nothing comes of it.
_SEEN, _SAME = 6, 3
_ERRORS = 3


def tag_of(provider: str, model: str) -> str:
    """Return the tag of a model."""
    return hashlib.sha256(f"{provider}/{model}".encode()).hexdigest()[:8]


def tagged_id(call_id: str, tag: str) -> str:
    """Return a provider's id of a call with the model's tag, as every provider takes it back."""
    ending = f"-fg{tag}"
    if len(call_id) + len(ending) <= _LONGEST_ID:
        return f"{call_id}{ending}"
    return f"call_{hashlib.sha256(call_id.encode()).hexdigest()[:32]}{ending}"


def tagged(calls: tuple[ToolCall, ...], tag: str) -> tuple[ToolCall, ...]:
    """Return the calls of a model with its tag."""
    return tuple(replace(call, id=tagged_id(call.id, tag)) for call in calls)


def tag_in(call_id: str) -> str | None:
    """Return the tag of the model that made a call, ``None`` if another router passed it on."""
    found = _TAGGED.fullmatch(call_id)
    return found[1] if found else None


def last_tag(conversation: Conversation) -> str | None:
    """Return the tag of the model that answered last, ``None`` if its calls show none.

    A loop ends with an answer of the same model; who gave the answers after that is not known.
    """
    last = [turn for turn in conversation.turns if turn.role == "assistant"][-2:]
    calls = next((turn.calls for turn in reversed(last) if turn.calls), ())
    return next((tag for call in calls if (tag := tag_in(call.id))), None)


def last_writer(conversation: Conversation) -> str | None:
    """Return who gave the last answer, as ``provider/model``, if its thinking names its writer."""
    last = next((turn for turn in reversed(conversation.turns) if turn.role == "assistant"), None)
    blocks = last.blocks if last else ()
    return next((b.by for b in blocks if isinstance(b, Reasoning) and b.by), None)


def stall(conversation: Conversation) -> str | None:
    """Return why a loop gets nowhere: the same call again and again, or errors in a row."""
    if not conversation.in_tool_loop:
        return None
    calls = list(_calls(conversation))[-_SEEN:]
    newest = calls[-1]
    if sum(call == newest for call in calls) >= _SAME:
        return f"the tool loop makes the same call {_SAME} times in {_SEEN}"
    results = [result for turn in conversation.turns for result in turn.results]
    if len(results) >= _ERRORS and all(result.is_error for result in results[-_ERRORS:]):
        return f"the last {_ERRORS} tool calls of the loop failed"
    return None


def _calls(conversation: Conversation) -> Iterator[tuple[str, str]]:
    for turn in conversation.turns:
        for call in turn.calls:
            given = call.input
            yield call.name, call.arguments if given is None else repr(sorted(given.items()))
