"""What the state machine carries from one look at scanned pages to the next. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

# The choice, the Map, and the look at what came of it.
_ROUND = 3


@dataclass(frozen=True, slots=True)
class Progress:
    """``tried`` are the requests that this execution has sent, the ``last`` of them in its last
    round; ``failed`` is why some have no answer, as the states reported it.
    """

    tried: tuple[str, ...] = ()
    last: int = 0
    failed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    transitions: int = 0
    lambda_ms: tuple[int, ...] = ()

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Progress:
        """Read what ``to_json`` made; ``{}`` is the start."""
        lists = {name: tuple(given[name]) for name in ("tried", "lambda_ms") if name in given}
        return cls(**{**given, **lists})

    def to_json(self) -> dict[str, Any]:
        return {
            "tried": list(self.tried),
            "last": self.last,
            "failed": dict(self.failed),
            "transitions": self.transitions,
            "lambda_ms": list(self.lambda_ms),
        }

    def after(self, reported: Sequence[Mapping[str, Any]]) -> Progress:
        """Return the progress with what the states report of the last round."""
        if not self.last:
            return self
        failed = dict(self.failed)
        for step, each in zip(self.tried[-self.last :], reported, strict=True):
            if each["status"] == "FAILED":
                failed[step] = {"error": str(each["error"]), "cause": str(each["cause"])}
        # A request is a state of its own; a failure is read in one more.
        entered = _ROUND + self.last + sum(each["status"] == "FAILED" for each in reported)
        return replace(self, last=0, failed=failed, transitions=self.transitions + entered)

    def asking(self, steps: Sequence[str]) -> Progress:
        """Return the progress with the requests that are sent next."""
        return replace(self, tried=(*self.tried, *steps), last=len(steps))

    def spent(self, milliseconds: int) -> Progress:
        """Return the progress with one more look's own time."""
        return replace(self, lambda_ms=(*self.lambda_ms, milliseconds))
