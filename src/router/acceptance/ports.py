"""What accepting a request needs beside the request itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from cost_calculator.rows import Row
from router.acceptance.control_memory import Memory
from router.acceptance.request_rows import Analysis
from router.analyzer import Analyzer, Classification
from router.guards.conditional_update import ConditionalUpdate, Item
from router.intake.stored_payload import Read
from router.invocation.call import Provider

Again = Callable[[frozenset[str]], tuple[Sequence[Row], Sequence[ConditionalUpdate]]]
"""Returns what to write after other writers were met at guards of these keys."""


class Store(Protocol):
    """What accepting needs of the tables; see ``AcceptStore``."""

    def read(self, control_keys: Collection[str], cache_key: str | None = None) -> ReadResult: ...

    def accept(
        self,
        rows: Sequence[Row],
        guards: Sequence[ConditionalUpdate] = (),
        again: Again | None = None,
    ) -> Acceptance: ...

    def update(self, action: ConditionalUpdate) -> bool: ...

    def reopen(
        self, before: Row, after: Row, content: Sequence[Row], guards: Sequence[ConditionalUpdate]
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
class Dependencies:
    """What accepting needs beside the request; ``llm`` is called only if a model is asked.

    ``memory`` lives as long as the process. ``stored`` reads an address of the deployment's own
    bucket. ``meter`` takes a metric's name, value and the tenant
    it is about. ``other_weights`` are those of strategies on trial, by address; what could not be
    read is not there.
    """

    store: Store
    memory: Memory
    classify: Callable[[Sequence[Mapping[str, Any]]], Classification]
    llm: Callable[[], Provider]
    stopwatch: Callable[[], Analysis]
    clock: Callable[[], datetime]
    region: str
    meter: Callable[[str, float, str], None]
    stored: Read
    other_weights: Mapping[str, Analyzer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadResult:
    """The result of the one read: items of ``control`` by key, and the cached answer."""

    control: Mapping[str, Item] = field(default_factory=dict)
    cached: Item | None = None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What became of a request: put now, present already (``existing``), or ``refused``.

    ``existing`` are the rows under its id. ``refused`` are the actions whose condition did not
    hold, by key, each with its current item (empty if there is none).
    """

    existing: Mapping[str, Item] | None = None
    refused: Mapping[str, Item] = field(default_factory=dict)
