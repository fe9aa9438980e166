"""Decides when a human reviews an answer first: on request, or by its confidence. Pure.

The confidence is the answer's own, a field of the structured answer that the request names; never
the classifier's, which knows only the question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from router.errors import InvalidRequest

DEFAULTS = ("approve", "reject")

Verdict = Literal["answer", "review", "fail"]


@dataclass(frozen=True, slots=True)
class ReviewSettings:
    """The deployment's bands, the time a human has, and the decision after that."""

    answer_above: float
    fail_below: float
    timeout_seconds: int
    default: str

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ReviewSettings:
        """Parse the module's ``review``."""
        if data["default"] not in DEFAULTS:
            raise ValueError(f"review.default must be one of {', '.join(DEFAULTS)}")
        return cls(
            answer_above=float(data["answer_above"]),
            fail_below=float(data["fail_below"]),
            timeout_seconds=int(data["timeout_seconds"]),
            default=str(data["default"]),
        )

    def record_json(self) -> dict[str, Any]:
        """Return ``record.review`` of the route plan: what the workflow needs while it waits."""
        return {"timeout_seconds": self.timeout_seconds, "default": self.default}


@dataclass(frozen=True, slots=True)
class Review:
    """What one call's answer is measured by; without a field a human sees it in any case."""

    confidence_field: str | None
    answer_above: float
    fail_below: float

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Review | None:
        """Parse ``call.review`` of a route plan."""
        if data is None:
            return None
        return cls(data["confidence_field"], float(data["answer_above"]), float(data["fail_below"]))

    def to_json(self) -> dict[str, Any]:
        """Return ``call.review`` of a route plan."""
        return {
            "confidence_field": self.confidence_field,
            "answer_above": self.answer_above,
            "fail_below": self.fail_below,
        }

    def confidence(self, value: Any) -> float | None:
        """Return the confidence in a structured answer that fits its schema."""
        return None if self.confidence_field is None else float(value[self.confidence_field])

    def verdict(self, confidence: float | None) -> Verdict:
        """Return where an answer goes: to its caller, to a human, or nowhere."""
        if confidence is None:
            return "review"
        if confidence >= self.answer_above:
            return "answer"
        return "review" if confidence >= self.fail_below else "fail"


@dataclass(frozen=True, slots=True)
class AskedReview:
    """A request's ``review``: ``confidence_field``, or ``None`` for always; bands of its own."""

    confidence_field: str | None
    answer_above: float | None = None
    fail_below: float | None = None

    def bands(self, settings: ReviewSettings) -> Review:
        """Return the bands that apply to the request's answers in this deployment."""
        above = settings.answer_above if self.answer_above is None else self.answer_above
        below = settings.fail_below if self.fail_below is None else self.fail_below
        return Review(self.confidence_field, above, below)


def asked_review(given: Any, schema: Mapping[str, Any] | None) -> AskedReview | None:
    """Return what ``review`` of a request asks for; raise ``InvalidRequest`` if it cannot be."""
    if given is None or given is False:
        return None
    name = None if given is True else given.get("confidence_field")
    if name is None:
        return AskedReview(None)
    if schema is None:
        raise InvalidRequest(
            "`review.confidence_field` names a field of the answer: give a `response_schema` too,"
            ' or write "review": true'
        )
    field = schema.get("properties", {}).get(name)
    bounded = (
        isinstance(field, dict)
        and field.get("type") in ("number", "integer")
        and field.get("minimum", -1) >= 0
        and field.get("maximum", 2) <= 1
    )
    if not bounded or name not in schema.get("required", []):
        raise InvalidRequest(
            f"`response_schema` must require `{name}` and describe it as"
            ' {"type": "number", "minimum": 0, "maximum": 1}: it is the confidence of the review'
        )
    above, below = given.get("answer_above"), given.get("fail_below")
    if (above is None) != (below is None) or (above is not None and below > above):
        raise InvalidRequest(
            "`review` must have both `answer_above` and `fail_below`, the second not above the"
            " first, or neither"
        )
    if above is None:
        return AskedReview(name)
    return AskedReview(name, float(above), float(below))
