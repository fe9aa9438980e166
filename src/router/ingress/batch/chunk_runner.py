"""Runs one chunk of a batch: starts what has no outcome yet, a few at a time, until all have."""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from router.errors import InvalidRequest
from router.executions.run import Busy, Run
from router.ingress.batch.layout import request_id
from router.intake.request import payload_hash, payload_hash_of

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
    def input(self) -> str:
        """The execution's input; the id in it is the same under whatever name it runs."""
        return json.dumps({**self.payload, "request_id": self.request_id}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Ended:
    """How an item ended without an outcome of its own: ``REJECTED`` or ``CONFLICT``."""

    status: str
    cause: str | None
    detail: str | None = None


class Executions(Protocol):
    def start(self, name: str, payload: str) -> Run | None: ...

    def describe(self, name: str) -> Run: ...


class Rows(Protocol):
    """The ``usage`` table: the REQUEST rows of ids, each ``{"status", "payload_hash"}``."""

    def statuses(self, request_ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]: ...


@dataclass(slots=True)
class _Flight:
    """An item that was started: under which name, and since when we look for its row."""

    item: Item
    name: str
    since: float


@dataclass(slots=True)
class ChunkRun:
    """The run of one chunk within one run of its batch, which ``token`` tells from others.

    A prompt that an earlier run of the batch had refused (a budget, a rate limit) has no row, and
    its execution's name is taken: it is started under its name and the token.
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
        """Run the items until each has ended; answer ``False`` where the time was over before.

        ``ended`` then has each item's request id: ``None`` where its row tells how it ended.
        """
        waiting: deque[Item] = deque()
        flights: list[_Flight] = []
        rows = self.rows.statuses([item.request_id for item in items])
        for item in items:
            if self._has_ended(item, rows.get(item.request_id)):
                continue
            if item.request_id in rows:
                flights.append(self._flight(item, item.request_id))
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
        """Return the name under which an item runs; ``None`` where it cannot."""
        for name in (item.request_id, f"{item.request_id}_{self.token}"):
            earlier = self.executions.start(name, item.input)
            if earlier is None or earlier.status in ("RUNNING", "SUCCEEDED"):
                break
        if earlier and payload_hash_of(earlier.input) != payload_hash(item.payload):
            self.ended[item.request_id] = _CONFLICT
            return None
        return name

    def _still_flying(self, flights: list[_Flight]) -> list[_Flight]:
        if not flights:
            return flights
        rows = self.rows.statuses([flight.item.request_id for flight in flights])
        left = []
        for flight in flights:
            row = rows.get(flight.item.request_id)
            if self._has_ended(flight.item, row):
                continue
            if row is None and self._was_refused(flight):
                continue
            left.append(flight)
        return left

    def _has_ended(self, item: Item, row: Mapping[str, Any] | None) -> bool:
        if row is None:
            return False
        if row["payload_hash"] != payload_hash(item.payload):
            self.ended[item.request_id] = _CONFLICT
        elif row["status"] != "ACCEPTED":
            self.ended[item.request_id] = None
        return item.request_id in self.ended

    def _was_refused(self, flight: _Flight) -> bool:
        """Say whether a run without a row is over; its error is the item's end."""
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
            put = self.rows.statuses([flight.item.request_id])
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
    """Return six characters that tell one run of a batch from another."""
    return hashlib.sha256(execution_name.encode()).hexdigest()[:6]
