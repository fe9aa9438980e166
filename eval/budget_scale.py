"""Simulates how many requests a second one owner's budget takes, one design beside another.

``python -m eval.budget_scale``; part of ``make bench``. A model, not a measurement on AWS: a tenant
with a day's and a month's budget, Poisson arrivals, DynamoDB's rule of conflicts
(``eval.conflicts``), 8, 15 or 25 ms a transaction, and ``price_rows`` that charges what was
accepted, reader by reader, in batches. The design that was chosen runs the product's own code
(``router.guards.budget_shards``); the others are as simple as they can be.
"""

from __future__ import annotations

import argparse
import random
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

from cost_calculator.budget_names import BUDGET_SHARDS, name_of, shard_key, summed
from eval.conflicts import Actor, World
from router.guards.budget_shards import Places, holdings_of, loans, reservations
from router.guards.budgets import Budget, committed_usd, reserve
from router.guards.conditional_update import ConditionalUpdate, Item

RATES = (30, 100, 300, 500)
TRANSACTION_MS = (8, 15, 25)
TRIES = 8  # as ``AcceptStore`` has them
ROOT_TRIES = 2
KEPT_SECONDS = 5
RESERVED, CHARGED = Decimal("0.02"), Decimal("0.002")
REQUEST_SECONDS = 3.0  # from its acceptance to its rows in the stream
ANALYSIS_SECONDS = 0.02
# One item takes 1,000 writes a second.
PLAIN_WRITE_SECONDS, PLAIN_WRITE_TAIL = 0.005, 0.001
ROWS_A_TRANSACTION = 40  # rows, cells and budgets within 100 actions
ROWS_A_BATCH = 100
ENDS = datetime(2026, 12, 1, tzinfo=UTC)
_GATE = 0.001


@dataclass(slots=True)
class Result:
    """What became of the requests, and how long their rows waited to be charged."""

    accepted: int = 0
    refused: int = 0
    exhausted: int = 0
    tries: int = 0
    waits: list[float] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    most_committed: Decimal = Decimal(0)

    @property
    def lost(self) -> float:
        """The share of requests that ran out of tries."""
        return self.exhausted / max(1, self.accepted + self.refused + self.exhausted)


@dataclass(slots=True)
class Process:
    """One process of ``analyze``: where it reserves, and what it read."""

    places: Places = field(default_factory=Places)
    known: dict[str, Item] = field(default_factory=dict)
    read_at: float = -10.0
    met_root: bool = False


class Design:
    """One owner's budgets, how a request reserves in them, and how a batch charges them."""

    name = "one item a budget (before)"
    watched = False

    def __init__(self, world: World, seconds: float, limit: Decimal) -> None:
        self.world, self.seconds = world, seconds
        self.budgets = [
            Budget("acme", period, limit, limit, ENDS) for period in ("2026-11-24", "2026-11")
        ]
        self.items: dict[str, Item] = {}
        self.result = Result()
        self.due: list[deque[tuple[float, object]]] = []

    def request(self, process: Process) -> Actor:
        """Reserve, and leave the request to the readers."""
        begun = self.world.now
        yield ANALYSIS_SECONDS
        self.read(process)
        for attempt in range(TRIES):
            self.result.tries += 1
            yield from self.lend(process)
            moves = self.moves(process)
            done: list[bool] = []
            items = {move.key for move in moves}
            met = yield from self.world.transact(
                items, self.seconds, lambda moves=moves, done=done: self.apply(moves, done)
            )
            if not met and all(done):
                self.result.accepted += 1
                self.result.waits.append(self.world.now - begun)
                self.accepted(moves)
                return
            if not met and self.is_used_up(process):
                self.result.refused += 1
                return
            if met:
                self.moved(process, met, attempt)
                yield self.world.wait(attempt)
        self.result.exhausted += 1

    def read(self, process: Process) -> None:
        """Learn what the process reads before it reserves."""

    def moves(self, _process: Process) -> list[ConditionalUpdate]:
        return [reserve(budget, RESERVED) for budget in self.budgets]

    def lend(self, _process: Process) -> Actor:
        """Write what must be written before the transaction."""
        yield from ()

    def apply(self, moves: list[ConditionalUpdate], done: list[bool]) -> bool:
        """Write if every condition holds; return whether one does not."""
        done += [self.holds(move) for move in moves]
        if not all(done):
            return True
        for move in moves:
            item = self.items.setdefault(move.key, {})
            committed = move.values.get(":committed", move.values.get(":lent"))
            item["committed_usd"] = committed_usd(item) + committed
            if ":lent" in move.values:
                item["lent_usd"] = Decimal(item.get("lent_usd", 0)) + move.values[":lent"]
        self.note()
        return False

    def holds(self, move: ConditionalUpdate) -> bool:
        item = self.items.get(move.key, {})
        most = move.values.get(":most", move.values.get(":room"))
        return committed_usd(item) <= most and (
            ":lent" not in move.values or item.get("lent_usd") == move.values.get(":before")
        )

    def note(self) -> None:
        name = self.budgets[1].name
        known = ({"key": key, **item} for key, item in self.items.items() if name_of(key) == name)
        found = summed(known)[name]["committed_usd"] if self.watched else Decimal(0)
        self.result.most_committed = max(self.result.most_committed, found)

    def is_used_up(self, _process: Process) -> bool:
        return True

    def moved(self, process: Process, met: frozenset[Hashable], attempt: int) -> None:
        """Take in that others write to the items that were met."""

    def accepted(self, moves: list[ConditionalUpdate]) -> None:
        """Let the request end later, in the stream of one reader."""
        reader = self.world.random.randrange(len(self.due))
        at = self.world.now + REQUEST_SECONDS
        for _ in range(2):  # its REQUEST row and its ATTEMPT
            self.due[reader].append((at, moves))

    def reader(self, number: int) -> Actor:
        """Charge what is due, batch by batch, as an event source mapping delivers it."""
        place: dict[str, int | None] = {}
        while True:
            batch: list[tuple[float, object]] = []
            queue = self.due[number]
            while queue and queue[0][0] <= self.world.now and len(batch) < ROWS_A_BATCH:
                batch.append(queue.popleft())
            if not batch:
                yield 0.2
                continue
            for start in range(0, len(batch), ROWS_A_TRANSACTION):
                yield from self.charge(batch[start : start + ROWS_A_TRANSACTION], place)

    def charge(self, rows: list[tuple[float, object]], place: dict[str, int | None]) -> Actor:
        """Write one transaction until it is done: the stream delivers again what fails."""
        attempt = 0
        while True:
            keys = self.charged(rows, place)
            # A larger transaction takes longer.
            met = yield from self.world.transact(set(keys), self.seconds * 1.5)
            if not met:
                break
            self.reader_moved(met, place)
            yield self.world.wait(min(attempt, 6))
            attempt += 1
        for key, released in keys.items():
            item = self.items.setdefault(key, {})
            item["committed_usd"] = committed_usd(item) - released
        self.result.lags += [self.world.now - at for at, _ in rows]

    def charged(
        self, rows: list[tuple[float, object]], place: dict[str, int | None]
    ) -> dict[str, Decimal]:
        """Return what a batch takes off which items."""
        usd = (RESERVED - CHARGED) * len(rows) / 2
        return {budget.key: usd for budget in self.budgets}

    def reader_moved(self, met: frozenset[Hashable], place: dict[str, int | None]) -> None:
        """Take in that others write to the items that were met."""


class Hashed(Design):
    """Shards of an equal part of the limit each: a row charges the shard that it reserved in."""

    name = f"{BUDGET_SHARDS} equal parts, charged where reserved"

    def moves(self, _process: Process) -> list[ConditionalUpdate]:
        number = self.world.random.randrange(BUDGET_SHARDS)
        parts = [replace(b, limit_usd=b.limit_usd / BUDGET_SHARDS) for b in self.budgets]
        return [
            replace(reserve(part, RESERVED), key=shard_key(part.name, number)) for part in parts
        ]

    def charged(
        self, rows: list[tuple[float, object]], place: dict[str, int | None]
    ) -> dict[str, Decimal]:
        keys: dict[str, Decimal] = {}
        for _, moves in rows:
            assert isinstance(moves, list)
            for move in moves:
                keys[move.key] = keys.get(move.key, Decimal(0)) + (RESERVED - CHARGED) / 2
        return keys


class Plain(Design):
    """A plain conditional update before the transaction, and plain updates for the charges.

    Nothing ties an update to its request: whoever dies between the two leaves it behind, and who is
    retried reserves twice, unless every request has another item for its reservation.
    """

    name = "a plain update before the transaction"

    def request(self, process: Process) -> Actor:
        begun = self.world.now
        yield ANALYSIS_SECONDS
        for budget in self.budgets:
            self.result.tries += 1
            yield from self.world.write(budget.key, PLAIN_WRITE_SECONDS, PLAIN_WRITE_TAIL)
        yield self.seconds
        self.result.accepted += 1
        self.result.waits.append(self.world.now - begun)
        self.accepted([])

    def charge(self, rows: list[tuple[float, object]], place: dict[str, int | None]) -> Actor:
        yield self.seconds
        for budget in self.budgets:
            yield from self.world.write(budget.key, PLAIN_WRITE_SECONDS, PLAIN_WRITE_TAIL)
        self.result.lags += [self.world.now - at for at, _ in rows]


class Prepaid(Design):
    """The design that was chosen: ``router.guards.budget_shards``."""

    name = f"prepaid shards, {BUDGET_SHARDS} at most (chosen)"

    def read(self, process: Process) -> None:
        """Read all shards every five seconds, and the roots and the process's own for a request."""
        spread = any("lent_usd" in self.items.get(budget.key, {}) for budget in self.budgets)
        if spread and not 0 <= self.world.now - process.read_at < KEPT_SECONDS:
            self.read_all(process)
        place = process.places.shards.get("acme")
        for budget in self.budgets:
            keys = [budget.key] if place is None else [budget.key, shard_key(budget.name, place)]
            for key in keys:
                process.known[key] = dict(self.items.get(key, {}))

    def read_all(self, process: Process) -> None:
        process.read_at = self.world.now
        process.known = {key: dict(item) for key, item in self.items.items()}

    def lend(self, process: Process) -> Actor:
        known = holdings_of(self.budgets, process.known, RESERVED)
        owners = frozenset(one.budget.owner for one in known if one.is_spread or process.met_root)
        for loan in loans(known, owners):
            met = yield from self.world.write(loan.key, PLAIN_WRITE_SECONDS, PLAIN_WRITE_TAIL)
            if not met:
                self.apply([loan], [])
            process.known[loan.key] = dict(self.items.get(loan.key, {}))

    def moves(self, process: Process) -> list[ConditionalUpdate]:
        known = holdings_of(self.budgets, process.known, RESERVED)
        return reservations(known, process.places)

    def is_used_up(self, process: Process) -> bool:
        self.read_all(process)
        known = holdings_of(self.budgets, process.known, RESERVED)
        return not all(one.has_room() for one in known)

    def moved(self, process: Process, met: frozenset[Hashable], attempt: int) -> None:
        if "acme" in process.places.shards:
            process.places.leave("acme")
        roots = {budget.key for budget in self.budgets}
        if roots & met:
            process.met_root = attempt + 1 >= ROOT_TRIES
            self.read_all(process)

    def charged(
        self, rows: list[tuple[float, object]], place: dict[str, int | None]
    ) -> dict[str, Decimal]:
        keys: dict[str, Decimal] = {}
        for _, moves in rows:
            assert isinstance(moves, list)
            for budget in self.budgets:
                spread = any(move.key.startswith(f"{budget.key}#") for move in moves)
                number = place.setdefault("acme", random.randrange(BUDGET_SHARDS))
                key = shard_key(budget.name, number or 0) if spread else budget.key
                keys[key] = keys.get(key, Decimal(0)) + (RESERVED - CHARGED) / 2
        return keys

    def reader_moved(self, met: frozenset[Hashable], place: dict[str, int | None]) -> None:
        place["acme"] = random.randrange(BUDGET_SHARDS)


DESIGNS: tuple[type[Design], ...] = (Design, Hashed, Plain, Prepaid)


def simulate(
    design: type[Design],
    rate: float,
    seconds: float,
    limit: Decimal = Decimal(10**6),
    length: float = 30,
    readers: int = 20,
) -> Result:
    """Send ``rate`` requests a second for ``length`` seconds, and let them be charged."""
    random.seed(7)
    world = World(seed=7)
    running = design(world, seconds, limit)
    running.due = [deque() for _ in range(readers)]
    for number in range(readers):
        world.start(running.reader(number))
    idle: list[Process] = []

    def carried(process: Process) -> Actor:
        yield from running.request(process)
        idle.append(process)  # the last one to be free is the next to be used

    def arrivals() -> Actor:
        while world.now < length:
            world.start(carried(idle.pop() if idle else Process()))
            yield world.random.expovariate(rate)

    world.start(arrivals())
    world.run(length + 2 * REQUEST_SECONDS)
    return running.result


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--length", type=float, default=20, help="seconds simulated (%(default)s)")
    parser.add_argument("--design", default="", help="part of a design's name")
    given = parser.parse_args(arguments)
    worst: Callable[[list[float]], float] = lambda xs: sorted(xs)[len(xs) * 99 // 100] if xs else 0
    print(
        "share of requests out of tries | tries a request | 99 % accepted within | charged within"
    )
    failed = False
    for design in (one for one in DESIGNS if given.design in one.name):
        print(f"\n{design.name}")
        for milliseconds in TRANSACTION_MS:
            for rate in RATES:
                found = simulate(design, rate, milliseconds / 1000, length=given.length)
                asked = max(1, found.accepted + found.refused + found.exhausted)
                print(
                    f"  {milliseconds:2} ms {rate:4}/s  {found.lost:7.2%}  {found.tries / asked:5.2f}"
                    f"  {worst(found.waits) * 1000:6.0f} ms  {worst(found.lags):6.2f} s"
                )
                failed |= design is Prepaid and found.lost > _GATE
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
