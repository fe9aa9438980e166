"""Faults on order: which calls, and what happens to them.

A rule is `{"match": {...}, "count": 1, ...action}`. `match` may hold `provider`, `model`,
`contains` (a piece of the prompt), `stream` (true or false) and `nth` (the n-th call, from 1, that
fits the rest); what it leaves out fits all. `count` is how many calls the rule is for, null for
all. The first rule that fits a call decides. The fields of an action are in `local/README.md`.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, get_args

from local.simulator.model import Ask, Ending

FAULTS = ("drop", "half", "html", "empty", "no_usage")
ENDINGS = get_args(Ending)
SPLITS = ("bytes", "surrogates")
_MATCH = ("provider", "model", "contains", "stream", "nth")


@dataclass(frozen=True, slots=True)
class Action:
    """What happens to a call; nothing given means an ordinary answer.

    `cut_after`, `end_after` and `error_after` count the events of a stream that still leave.
    """

    status: int | None = None
    code: str | None = None
    message: str | None = None
    retry_after: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    content_type: str = "application/json"
    delay_ms: int | None = None
    fault: str | None = None
    ending: str | None = None
    text: str | None = None
    usage: Mapping[str, Any] | None = None
    calls: Sequence[Mapping[str, Any]] | None = None
    stop_reason: str | None = None
    cut_after: int | None = None
    end_after: int | None = None
    error_after: int | None = None
    slow_ms: int | None = None
    without: Sequence[str] = ()
    interleaved: bool = False
    split: str | None = None

    @property
    def orders_answer(self) -> bool:
        """Whether the rule says what the model answers."""
        given = (self.text, self.ending, self.calls, self.stop_reason)
        return any(each is not None for each in given)


@dataclass(slots=True)
class _Rule:
    match: Mapping[str, Any]
    action: Action
    count: int | None
    seen: int = 0

    def takes(self, provider: str, ask: Ask) -> bool:
        """Whether this call is the rule's; counts the call either way."""
        match = self.match
        if self.count == 0 or match.get("provider", provider) != provider:
            return False
        if match.get("model", ask.model) != ask.model:
            return False
        if match.get("stream", ask.stream) != ask.stream:
            return False
        if match.get("contains", "") not in ask.prompt:
            return False
        self.seen += 1
        if "nth" in match and self.seen != match["nth"]:
            return False
        if self.count is not None:
            self.count -= 1
        return True


class Script:
    """The rules in force; safe to use from several threads."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()

    def add(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """Add rules after those there are; a ValueError names what is wrong with one."""
        parsed = [_parse(rule) for rule in rules]
        with self._lock:
            self._rules += parsed

    def clear(self) -> None:
        """Drop all rules."""
        with self._lock:
            self._rules.clear()

    def action(self, provider: str, ask: Ask) -> Action:
        """What is to happen to this call."""
        with self._lock:
            for rule in self._rules:
                if rule.takes(provider, ask):
                    return rule.action
        return Action()

    def left(self) -> list[int | None]:
        """How many calls each rule is still for."""
        with self._lock:
            return [rule.count for rule in self._rules]


def _parse(rule: Mapping[str, Any]) -> _Rule:
    known = {each.name for each in fields(Action)}
    given = {name: value for name, value in rule.items() if name not in {"match", "count"}}
    match = rule.get("match", {})
    for name in given.keys() - known:
        raise ValueError(f"unknown action {name!r}; use {', '.join(sorted(known))}")
    for name in match.keys() - set(_MATCH):
        raise ValueError(f"unknown match {name!r}; use {', '.join(_MATCH)}")
    for name, allowed in (("fault", FAULTS), ("ending", ENDINGS), ("split", SPLITS)):
        if given.get(name) not in (None, *allowed):
            raise ValueError(f"unknown {name} {given[name]!r}; use {', '.join(allowed)}")
    if any(not isinstance(call, dict) or "name" not in call for call in given.get("calls") or ()):
        raise ValueError('each of `calls` is {"name": ..., "arguments": {...} or text, "id": ...}')
    return _Rule(match, Action(**given), rule.get("count", 1))
