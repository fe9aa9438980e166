"""What accepting a request needs beside the request itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from router.acceptance.request_guards import Memory
from router.analyzer import Classification
from router.guards.conditional_update import Acceptance, Action, Found
from router.invocation.invoke import Provider
from router.rows import Analysis, Row


class Store(Protocol):
    """What accepting needs of the tables; see ``AcceptStore``."""

    def read(self, control_keys: Collection[str], cache_key: str | None = None) -> Found: ...

    def accept(self, rows: Sequence[Row], guards: Sequence[Action] = ()) -> Acceptance: ...

    def reopen(
        self, before: Row, after: Row, content: Sequence[Row], guards: Sequence[Action]
    ) -> Acceptance: ...

    def rows_of(self, request_id: str) -> dict[str, Row]: ...

    def record_opinion(
        self, request: Row, routed: Mapping[str, Any], outcome: Mapping[str, Any]
    ) -> bool: ...


@dataclass(frozen=True, slots=True)
class Execution:
    """The run that carries the request."""

    arn: str
    name: str


@dataclass(frozen=True, slots=True)
class World:
    """What accepting needs beside the request; ``llm`` is called only where one is asked.

    ``memory`` lives as long as the process. ``meter`` takes a metric's name, value and the tenant
    it is about.
    """

    store: Store
    memory: Memory
    classify: Callable[[tuple[Mapping[str, str], ...]], Classification]
    llm: Callable[[], Provider]
    stopwatch: Callable[[], Analysis]
    clock: Callable[[], datetime]
    region: str
    meter: Callable[[str, float, str], None]
