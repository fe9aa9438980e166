"""An answer as every protocol tells it: what was said, why it ended, what it used. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cost_calculator.usage import InvalidUsage, Tokens, from_provider
from router.conversation.said import Said, said_of
from router.encoding import json_object, mapping_of

WITHHELD = frozenset({"REFUSED", "FILTERED", "BLOCKED"})
"""How a request ends whose answer the model, a filter or a guardrail withheld."""

STOP, LENGTH, TOOLS, FILTER = "stop", "length", "tool_calls", "content_filter"


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer used, in disjoint classes; ``reasoning`` is part of the output."""

    tokens: Tokens
    reasoning: int = 0

    @property
    def cache_write(self) -> int:
        """Tokens written to the provider's cache, for whatever time."""
        return self.tokens.cache_write_5m + self.tokens.cache_write_1h


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. ``created`` is in epoch seconds; ``usage`` is ``None`` where it is not known."""

    request_id: str
    created: int
    model: str
    said: Said
    finish: str
    usage: Usage | None = None


def reply_of(shown: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]) -> Reply:
    """Return the reply for a request that was answered, or withheld.

    ``shown`` is an outcome or a view of it; ``attempts`` are its rows, or those of the outcome. The
    tokens are those of the one that answered, or else of the last. What was withheld is no error to
    a client, which would send it again: it has no text, and ``content_filter`` as its reason.
    """
    served = next((row for row in attempts if row.get("served")), None)
    asked = served or (attempts[-1] if attempts else {})
    withheld = shown["status"] in WITHHELD
    said = Said() if withheld else said_of(shown)
    return Reply(
        request_id=shown["request_id"],
        created=_seconds(shown.get("accepted_at") or asked.get("started_at")),
        model=str(shown.get("model") or asked.get("model") or "unknown"),
        said=said,
        finish=FILTER if withheld else finish_of(said, truncated=shown["status"] == "TRUNCATED"),
        usage=usage_of(asked.get("provider"), asked.get("usage")),
    )


def finish_of(said: Said, *, truncated: bool) -> str:
    """Return why an answer ended, in OpenAI's word."""
    if truncated:
        return LENGTH
    return TOOLS if said.calls else STOP


def usage_of(provider: Any, raw: Any) -> Usage | None:
    """Return the usage in a provider's own object, or in a row's JSON of it."""
    found = json_object(raw) if isinstance(raw, str) else mapping_of(raw)
    if not found:
        return None
    try:
        tokens = from_provider(str(provider), found)
    except InvalidUsage:
        return None
    details = (found.get(f"{name}_tokens_details") for name in ("completion", "output"))
    counts = (mapping_of(detail).get("reasoning_tokens") for detail in details)
    reasoning = next((count for count in counts if isinstance(count, int)), 0)
    return Usage(tokens, reasoning)


def _seconds(moment: Any) -> int:
    return int(datetime.fromisoformat(moment).timestamp()) if moment else 0


def as_json(value: Any) -> str:
    """Return a value as the wire has it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # UTF-8 alone is sent: what has no such form is sent as JSON escapes it.
    return text.encode("utf-8", "backslashreplace").decode()
