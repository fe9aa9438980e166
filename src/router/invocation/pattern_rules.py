"""The keywords of JSON Schema that search with patterns, bounded in work.

A pattern whose cost is bounded beforehand runs in Python's own engine; any other in ours, which
never backtracks and counts its steps.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Protocol

from router.linear_regex import python_pattern, searcher
from router.safe_regex import UnsafePattern, bounded

Spend = Callable[[int], None]


class Budget(Protocol):
    """What one validation may still take."""

    def spend(self, steps: int) -> None: ...


class Patterns:
    """The rules, for one validation."""

    def __init__(self, work: Budget) -> None:
        self._spend = work.spend

    def pattern(self, _validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[Any]:
        from jsonschema import ValidationError

        if isinstance(instance, str) and not self._matches(pattern, instance):
            yield ValidationError(f"{instance[:100]!r} does not match {pattern!r}")

    def properties(
        self, validator: Any, patterns: Any, instance: Any, _schema: Any
    ) -> Iterator[Any]:
        if not isinstance(instance, dict):
            return
        for pattern, subschema in patterns.items():
            for name, value in instance.items():
                if self._matches(pattern, name):
                    yield from validator.descend(value, subschema, path=name, schema_path=pattern)

    def additional_properties(
        self, validator: Any, rule: Any, instance: Any, schema: Any
    ) -> Iterator[Any]:
        from jsonschema import ValidationError

        if not isinstance(instance, dict):
            return
        known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        extra = [
            name
            for name in instance
            if name not in known and not any(self._matches(pattern, name) for pattern in patterns)
        ]
        if isinstance(rule, dict):
            for name in extra:
                yield from validator.descend(instance[name], rule, path=name)
        elif rule is False and extra:
            names = ", ".join(repr(name) for name in extra[:5])
            yield ValidationError(f"properties that the schema does not have: {names}")

    def _matches(self, pattern: str, text: str) -> bool:
        compiled = _quick(pattern)
        if compiled is None:
            return searcher(pattern).search(text, self._spend)
        regex, steps = compiled
        self._spend(len(text) * steps)
        return regex.search(text) is not None


@lru_cache(maxsize=64)
def _quick(pattern: str) -> tuple[re.Pattern[str], int] | None:
    """Return the pattern for Python's own engine, if its cost is bounded there."""
    try:
        steps = bounded(pattern).steps
    except UnsafePattern:
        return None
    return re.compile(python_pattern(pattern), re.ASCII), steps
