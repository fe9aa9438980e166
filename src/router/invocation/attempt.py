"""An attempt: one model call as it is written down, whatever became of it. Pure.

It travels through the workflow as JSON, and comes back out of histories in any shape: what is read
is checked here, once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cost_calculator.rows import NOT_BILLED
from router.encoding import json_object, mapping_of, text_of

ANSWERED = frozenset({"OK", "TRUNCATED"})
UNKNOWN = "UNKNOWN"
OUTCOMES = NOT_BILLED | ANSWERED | {
    UNKNOWN, "REFUSED", "FILTERED", "BLOCKED", "BAD_RESPONSE", "INVALID_ANSWER",
}  # fmt: skip

_TEXTS = (
    "provider", "model", "mode", "outcome", "started_at", "ended_at", "cause", "detail",
    "response_model", "draft_s3",
)  # fmt: skip
_NUMBERS = (
    "max_tokens", "retries", "latency_ms", "lambda_ms", "lambda_mb", "input_bytes", "tool_calls",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call. ``usage`` is the provider's own object; ``None`` means not known.

    ``retries`` counts the wire calls before the last one, which cannot have been billed.
    ``input_bytes`` counts the bytes sent, if they are more than the request. ``guardrail_units``
    are the units billed for a guardrail, by policy. ``tool_calls`` counts the calls of tools in its
    answer, ``None`` for none. ``altered`` if characters of its answer were
    replaced that no store accepts. Times are ISO 8601.
    """

    provider: str
    model: str
    outcome: str
    started_at: str
    ended_at: str
    max_tokens: int
    mode: str = "standard"
    served: bool = False
    retries: int = 0
    cause: str | None = None
    detail: str | None = None
    usage: Mapping[str, Any] | None = None
    response_model: str | None = None
    latency_ms: int | None = None
    lambda_ms: int | None = None
    lambda_mb: int | None = None
    draft_s3: str | None = None
    input_bytes: int | None = None
    guardrail_units: Mapping[str, int] | None = None
    altered: bool = False
    tool_calls: int | None = None

    @property
    def answered(self) -> bool:
        """Whether the model gave a text, also one that was withheld from the caller."""
        return self.outcome in ANSWERED

    def to_json(self) -> dict[str, Any]:
        """Return the attempt as the workflow and the outcome of a request carry it."""
        known = {name: getattr(self, name) for name in (*_TEXTS, *_NUMBERS)}
        written = {name: value for name, value in known.items() if value is not None}
        usage = {"usage": dict(self.usage)} if self.usage is not None else {}
        units = {"guardrail_units": dict(self.guardrail_units)} if self.guardrail_units else {}
        altered = {"altered": True} if self.altered else {}
        return written | usage | units | altered | {"served": self.served}

    def seen_from_outside(self) -> Attempt:
        """Return the attempt without what is for the log alone, and what its request shows."""
        return replace(self, detail=None, altered=False)


def read_attempt(data: Any, base: Attempt) -> Attempt:
    """Return the attempt in ``data``; what is missing or has no sense there is as in ``base``."""
    given = mapping_of(data)
    known: dict[str, Any] = {
        name: given[name] for name in _TEXTS if isinstance(given.get(name), str) and given[name]
    }
    known |= {name: given[name] for name in _NUMBERS if _is_count(given.get(name))}
    if known.get("outcome", UNKNOWN) not in OUTCOMES:
        del known["outcome"]
    if isinstance(given.get("usage"), Mapping):
        known["usage"] = given["usage"]
    if units := counts_in(given.get("guardrail_units")):
        known["guardrail_units"] = units
    known["altered"] = given.get("altered") is True
    return replace(base, **known, served=given.get("served") is True)


def attempt_in_error(cause: Any, base: Attempt) -> Attempt | None:
    """Return the attempt that one of our functions gave for its error, ``None`` if none is there.

    ``cause`` is what Step Functions reports of it: JSON whose ``errorMessage`` is the attempt's.
    """
    reported = json_object(json_object(cause).get("errorMessage"))
    outcome = text_of(reported.get("outcome"))
    return read_attempt(reported, base) if outcome in OUTCOMES else None


def counts_in(value: Any) -> dict[str, int]:
    """Return the counts above 0 of an object, whatever else it holds."""
    return {name: n for name, n in mapping_of(value).items() if _is_count(n) and n}


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53
