"""What the state machine carries from one decision to the next. Pure.

Answers of requests are in their rows, and are read from there. What only the states know travels
here: what was asked last, why something failed, and what tools returned.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

# What tools return travels through the states of the run.
MOST_RESULT_BYTES = 16_000
_MOST_RESULTS_BYTES = 60_000
# The state that asks; in a Map, the one before it that chooses as well.
_ONE_REQUEST, _CHOOSE, _THE_MAP = 1, 1, 1
# The decision, and the choice of a way after it.
_DECIDE = 2


@dataclass(frozen=True, slots=True)
class Progress:
    """``times`` counts how often a step was asked in this execution; ``results`` are of tools."""

    asked: tuple[str, ...] = ()
    in_map: bool = False
    times: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    results: Mapping[str, str] = field(default_factory=dict)
    transitions: int = 1
    lambda_ms: tuple[int, ...] = ()

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Progress:
        """Read what ``to_json`` made; ``{}`` is the start."""
        lists = {name: tuple(given[name]) for name in ("asked", "lambda_ms") if name in given}
        return cls(**{**given, **lists})

    def to_json(self) -> dict[str, Any]:
        return {
            "asked": list(self.asked),
            "in_map": self.in_map,
            "times": dict(self.times),
            "failed": dict(self.failed),
            "results": dict(self.results),
            "transitions": self.transitions,
            "lambda_ms": list(self.lambda_ms),
        }

    def after(self, reported: Sequence[Mapping[str, Any]]) -> Progress:
        """Return the progress with what the states report of the steps that were asked last."""
        failed, results = dict(self.failed), dict(self.results)
        entered, spent = 0, list(self.lambda_ms)
        if self.asked:
            entered = _DECIDE + (_THE_MAP if self.in_map else 0)
        for step, each in zip(self.asked, reported, strict=True):
            entered += _ONE_REQUEST + (_CHOOSE if self.in_map else 0)
            if "lambda_ms" in each:  # the function read a failure, or a tool's result
                entered += 1
                spent.append(int(each["lambda_ms"]))
            failed.pop(step, None)
            if each["status"] == "FAILED":
                failed[step] = {"error": str(each["error"]), "cause": str(each["cause"])}
            elif "result" in each:
                results[step] = str(each["result"])
                if sum(len(text.encode()) for text in results.values()) > _MOST_RESULTS_BYTES:
                    del results[step]
                    failed[step] = _too_large("all tools together", _MOST_RESULTS_BYTES)
        return replace(
            self,
            asked=(),
            failed=failed,
            results=results,
            transitions=self.transitions + entered,
            lambda_ms=tuple(spent),
        )

    def asking(self, steps: Sequence[str], *, in_map: bool) -> Progress:
        """Return the progress with the steps that are asked next."""
        times = {**self.times, **{step: self.times.get(step, 0) + 1 for step in steps}}
        return replace(self, asked=tuple(steps), in_map=in_map, times=times)

    def spent(self, milliseconds: int) -> Progress:
        """Return the progress with one more decision's own time."""
        return replace(self, lambda_ms=(*self.lambda_ms, milliseconds))


def tool_result(returned: Any) -> dict[str, Any]:
    """Return what a tool's step reports: its result as text, or why it cannot be used."""
    text = returned if isinstance(returned, str) else json.dumps(returned, ensure_ascii=False)
    if len(text.encode()) > MOST_RESULT_BYTES:
        return {"status": "FAILED", **_too_large("a tool", MOST_RESULT_BYTES)}
    return {"status": "SUCCEEDED", "result": text}


def _too_large(whose: str, most: int) -> dict[str, str]:
    return {
        "error": "ToolResultTooLarge",
        "cause": f"results of {whose} may take {most} bytes: return less, or where it is kept",
    }
