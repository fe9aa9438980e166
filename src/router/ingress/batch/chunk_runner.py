"""Runs one chunk of a batch: starts what has no outcome yet, a few at a time, until all have."""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from cost_calculator.row_keys import DEFAULT_TENANT
from router.errors import Conflict, InvalidRequest
from router.executions.names import execution_name
from router.executions.run import Busy
from router.executions.start import Executions, start_once
from router.ingress.batch.layout import request_id
from router.intake.identity import Identity, payload_hash

WINDOW = 10
"""Prompts of one chunk that run at a time."""

# An execution puts its row in a second or two. What has none by then may have been refused.
_ROW_SECONDS = 5.0
_ROW_SECONDS_EXPRESS = 60.0
_POLL_SECONDS = (0.2, 1.0)
_BUSY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Item:
    """A prompt of a chunk."""

    line: int
    id: str | int | None
    request_id: str
    payload: Mapping[str, Any]

    @property
    def identity(self) -> Identity:
        tenant = self.payload.get("tenant", DEFAULT_TENANT)
        return Identity(tenant, self.request_id, payload_hash(self.payload))

    @property
    def key(self) -> str:
        """The key of its rows."""
        return self.identity.key

    @property
    def input(self) -> str:
        """The execution's input; the id in it is the same under whatever name it runs."""
        return json.dumps({**self.payload, "request_id": self.request_id}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Ended:
    """How an item ended without an outcome of its own: ``REJECTED`` or ``CONFLICT``."""

    status: str
    cause: str | None
    detail: str | None = None


class Rows(Protocol):
    """The REQUEST rows under keys, each ``{"status", "tenant", "payload_hash"}``."""

    def statuses(self, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any]]: ...


@dataclass(slots=True)
class _Flight:
    """An item that was started: under which name, and since when we look for its row."""

    item: Item
    name: str
    since: float


@dataclass(slots=True)
class ChunkRun:
    """The run of one chunk within one run of its batch, which ``token`` distinguishes from others.

    A prompt that an earlier run of the batch had refused (a budget, a rate limit) has no row, and
    its execution's name is taken: this run of the batch gives it one turn more, its own.
    """

    executions: Executions
    rows: Rows
    token: str
    is_express: bool
    has_time: Callable[[], bool]
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    ended: dict[str, Ended | None] = field(default_factory=dict)

    def run(self, items: Sequence[Item]) -> bool:
        """Run the items until each has ended; answer ``False`` if the time was over before.

        ``ended`` then has each item's request id: ``None`` if its row has the end.
        """
        waiting: deque[Item] = deque()
        flights: list[_Flight] = []
        rows = self.rows.statuses([item.key for item in items])
        for item in items:
            if self._has_ended(item, rows.get(item.key)):
                continue
            if item.key in rows:
                name = execution_name(item.identity.tenant, item.request_id)
                flights.append(self._flight(item, name))
            else:
                waiting.append(item)
        pause = _POLL_SECONDS[0]
        while waiting or flights:
            if not self.has_time():
                return False
            busy = self._start(waiting, flights)
            before = len(flights)
            flights = self._still_flying(flights)
            quick, slow = _POLL_SECONDS
            pause = quick if len(flights) < before else min(pause * 1.5, slow)
            if flights or waiting:
                self.sleep(max(pause, _BUSY_SECONDS if busy else 0))
        return True

    def _start(self, waiting: deque[Item], flights: list[_Flight]) -> bool:
        """Fill the window; answer whether Step Functions was too busy to."""
        while waiting and len(flights) < WINDOW:
            item = waiting[0]
            try:
                name = self._started(item)
            except Busy:
                return True
            except InvalidRequest as error:
                self.ended[item.request_id] = Ended("REJECTED", "InvalidRequest", str(error))
            else:
                if name:
                    flights.append(self._flight(item, name))
            waiting.popleft()
        return False

    def _started(self, item: Item) -> str | None:
        """Return the name under which an item runs; ``None`` if it cannot."""
        try:
            started = start_once(
                item.identity,
                item.input,
                self.executions,
                lambda: bool(self.rows.statuses([item.key])),
                last_turn=self.token,
            )
        except Conflict:
            self.ended[item.request_id] = _CONFLICT
            return None
        return started.name

    def _still_flying(self, flights: list[_Flight]) -> list[_Flight]:
        if not flights:
            return flights
        rows = self.rows.statuses([flight.item.key for flight in flights])
        left = []
        for flight in flights:
            row = rows.get(flight.item.key)
            if self._has_ended(flight.item, row):
                continue
            if row is None and self._was_refused(flight):
                continue
            left.append(flight)
        return left

    def _has_ended(self, item: Item, row: Mapping[str, Any] | None) -> bool:
        if row is None:
            return False
        try:
            item.identity.check_row(row)
        except Conflict:
            self.ended[item.request_id] = _CONFLICT
        else:
            if row["status"] != "ACCEPTED":
                self.ended[item.request_id] = None
        return item.request_id in self.ended

    def _was_refused(self, flight: _Flight) -> bool:
        """Return whether a run without a row is over; its error is the item's end."""
        patience = _ROW_SECONDS_EXPRESS if self.is_express else _ROW_SECONDS
        if self.monotonic() - flight.since < patience:
            return False
        refused = Ended("REJECTED", "NotAccepted", "no row came; the machine's log says why")
        if not self.is_express:
            try:
                run = self.executions.describe(flight.name)
            except Busy:
                return False
            # Looked at before the row, so that a row put meanwhile is not missed.
            put = self.rows.statuses([flight.item.key])
            if run.status == "RUNNING" or put:
                flight.since = self.monotonic()
                return False
            refused = Ended("REJECTED", run.error or run.status, run.cause)
        self.ended[flight.item.request_id] = refused
        return True

    def _flight(self, item: Item, name: str) -> _Flight:
        return _Flight(item, name, self.monotonic())


_CONFLICT = Ended(
    "CONFLICT",
    "Conflict",
    "this line was another prompt when the batch id was used before: give the file another id",
)


def items_of(batch_id: str, lines: Iterable[str]) -> list[Item]:
    """Return the items of a chunk's file."""
    items = []
    for text in lines:
        given = json.loads(text)
        name = request_id(batch_id, given["line"])
        items.append(Item(given["line"], given.get("id"), name, given["payload"]))
    return items


def token_of(execution_name: str) -> str:
    """Return six characters that distinguish one run of a batch from another."""
    return hashlib.sha256(execution_name.encode()).hexdigest()[:6]
