"""Other ways to decide, tried beside the one in force: the shadow's and the split's. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_FIELDS = ("share", "strategy", "raise_above", "lower_below", "unsure_below", "weights")
_STRATEGIES = ("heuristic", "llm", "hybrid")


@dataclass(frozen=True, slots=True)
class Alternative:
    """A strategy for a ``share`` of the requests; what is ``None`` is as the one in force has it.

    ``weights`` is the address of other weights of the heuristic, empty for those in force.
    """

    share: float
    strategy: str | None = None
    raise_above: float | None = None
    lower_below: float | None = None
    unsure_below: float | None = None
    weights: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any], name: str) -> Alternative:
        """Parse ``routing.shadow`` or ``routing.split``; raise ``ValueError`` that names it."""
        given = {field: value for field, value in data.items() if value is not None}
        if unknown := sorted(given.keys() - set(_FIELDS)):
            raise ValueError(
                f"routing.{name}: unknown `{unknown[0]}`; known are {', '.join(_FIELDS)}"
            )
        if given.keys() <= {"share"}:
            raise ValueError(f"routing.{name}: write what differs: {', '.join(_FIELDS[1:])}")
        if given.get("strategy", _STRATEGIES[0]) not in _STRATEGIES:
            raise ValueError(f"routing.{name}.strategy must be one of {', '.join(_STRATEGIES)}")
        shares = {
            field: float(given[field])
            for field in ("share", "raise_above", "lower_below", "unsure_below")
            if field in given
        }
        for field, value in shares.items():
            if not 0 <= value <= 1:
                raise ValueError(f"routing.{name}.{field} must be a number from 0 to 1")
        return cls(
            share=shares.pop("share", 0.0),
            strategy=given.get("strategy"),
            weights=str(given.get("weights", "")),
            **shares,
        )
