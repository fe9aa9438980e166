"""Designs of a budget that many requests write at once, for ``eval.budget_scale``."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

from cost_calculator.budget_names import BUDGET_SHARDS, name_of, shard_key, summed
from eval.conflicts import Actor, World
from router.acceptance.control_memory import KEPT_SECONDS
from router.guards.budget_shards import Holding, Places, holdings_of, loans, reservations
from router.guards.budgets import Budget, committed_usd
from router.guards.conditional_update import ConditionalUpdate, Item

TRIES = 8  # as ``AcceptStore`` has them
ROOT_TRIES, CROWDED_TRIES = 2, 4  # as ``router.acceptance.write`` has them
RESERVED, CHARGED = Decimal("0.02"), Decimal("0.002")
REQUEST_SECONDS = 3.0  # from its acceptance to its rows in the stream
ANALYSIS_SECONDS = 0.02
# One item takes 1,000 writes a second.
PLAIN_WRITE_SECONDS, PLAIN_WRITE_TAIL = 0.005, 0.001
ROWS_A_TRANSACTION = 40  # rows, cells and budgets within 100 actions
ROWS_A_BATCH = 100
ENDS = datetime(2026, 12, 1, tzinfo=UTC)

Rows = list[tuple[float, list[ConditionalUpdate]]]
"""What is due when: twice for each request, with what it had reserved."""


@dataclass(slots=True)
class Result:
    """What became of the requests, and how long their rows waited to be charged.

    ``most_committed`` is the month's budget at its fullest, ``most_left`` what it had left when a
    request was refused; both only if the design is watched.
    """

    accepted: int = 0
    refused: int = 0
    exhausted: int = 0
    tries: int = 0
    waits: list[float] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    most_committed: Decimal = Decimal(0)
    most_left: Decimal = Decimal(0)

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

    def __init__(
        self, world: World, seconds: float, limit: Decimal, *, watched: bool = False
    ) -> None:
        self.world, self.seconds, self.watched = world, seconds, watched
        self.budgets = [
            Budget("acme", period, limit, limit, ENDS) for period in ("2026-11-24", "2026-11")
        ]
        self.items: dict[str, Item] = {}
        self.result = Result()
        self.due: list[deque[tuple[float, list[ConditionalUpdate]]]] = []

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
                self.refuse()
                return
            if met:
                self.moved(process, met, attempt)
                if attempt + 1 >= CROWDED_TRIES and self.is_scarce(process):
                    self.refuse()
                    return
                yield self.world.wait(attempt)
        self.result.exhausted += 1

    def read(self, process: Process) -> None:
        """Learn what the process reads before it reserves."""

    def moves(self, _process: Process) -> list[ConditionalUpdate]:
        known = (Holding(budget, {}, RESERVED, RESERVED) for budget in self.budgets)
        return [update for one in known for update in one.reservation(None)]

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
            if ":limit" in move.values:
                item["limit_usd"] = move.values[":limit"]
            if ":lent" in move.values:
                item["lent_usd"] = Decimal(item.get("lent_usd", 0)) + move.values[":lent"]
        if self.watched:
            self.result.most_committed = max(self.result.most_committed, self.committed())
        return False

    def holds(self, move: ConditionalUpdate) -> bool:
        item = self.items.get(move.key, {})
        most = move.values.get(":most", Decimal("Infinity"))
        return committed_usd(item) <= most and (
            ":lent" not in move.values or item.get("lent_usd") == move.values.get(":before")
        )

    def is_scarce(self, _process: Process) -> bool:
        """Return whether a request that met others again and again is refused."""
        return False

    def refuse(self) -> None:
        self.result.refused += 1
        if self.watched:
            left = self.budgets[1].limit_usd - self.committed()
            self.result.most_left = max(self.result.most_left, left)

    def committed(self) -> Decimal:
        """Return what is committed of the month's budget, in all of its items."""
        name = self.budgets[1].name
        known = ({"key": key, **item} for key, item in self.items.items() if name_of(key) == name)
        return Decimal(summed(known)[name]["committed_usd"])

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
        place: dict[str, int] = {}
        while True:
            batch: Rows = []
            queue = self.due[number]
            while queue and queue[0][0] <= self.world.now and len(batch) < ROWS_A_BATCH:
                batch.append(queue.popleft())
            if not batch:
                yield 0.2
                continue
            for start in range(0, len(batch), ROWS_A_TRANSACTION):
                yield from self.charge(batch[start : start + ROWS_A_TRANSACTION], place)

    def charge(self, rows: Rows, place: dict[str, int]) -> Actor:
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

    def charged(self, rows: Rows, _place: dict[str, int]) -> dict[str, Decimal]:
        """Return what a batch takes off which items."""
        usd = (RESERVED - CHARGED) * len(rows) / 2
        return {budget.key: usd for budget in self.budgets}

    def reader_moved(self, met: frozenset[Hashable], place: dict[str, int]) -> None:
        """Take in that others write to the items that were met."""


class Hashed(Design):
    """Shards of an equal part of the limit each: a row charges the shard that it reserved in."""

    name = f"{BUDGET_SHARDS} equal parts, charged where reserved"

    def moves(self, _process: Process) -> list[ConditionalUpdate]:
        number = self.world.random.randrange(BUDGET_SHARDS)
        parts = [replace(b, limit_usd=b.limit_usd / BUDGET_SHARDS) for b in self.budgets]
        known = [Holding(part, {}, RESERVED, RESERVED) for part in parts]
        moves = [update for one in known for update in one.reservation(None)]
        keys = [shard_key(part.name, number) for part in parts]
        return [replace(move, key=key) for move, key in zip(moves, keys, strict=True)]

    def charged(self, rows: Rows, _place: dict[str, int]) -> dict[str, Decimal]:
        keys: dict[str, Decimal] = {}
        for _, moves in rows:
            for move in moves:
                keys[move.key] = keys.get(move.key, Decimal(0)) + (RESERVED - CHARGED) / 2
        return keys


class Plain(Design):
    """A plain conditional update before the transaction, and plain updates for the charges.

    Nothing ties an update to its request: whoever dies between the two leaves it behind, and who is
    retried reserves twice, unless every request has another item for its reservation.
    """

    name = "a plain update before the transaction"

    def request(self, _process: Process) -> Actor:
        begun = self.world.now
        yield ANALYSIS_SECONDS
        for budget in self.budgets:
            self.result.tries += 1
            yield from self.world.write(budget.key, PLAIN_WRITE_SECONDS, PLAIN_WRITE_TAIL)
        yield self.seconds
        self.result.accepted += 1
        self.result.waits.append(self.world.now - begun)
        self.accepted([])

    def charge(self, rows: Rows, _place: dict[str, int]) -> Actor:
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

    def is_scarce(self, process: Process) -> bool:
        self.read_all(process)
        known = holdings_of(self.budgets, process.known, RESERVED)
        return any(one.is_scarce() for one in known)

    def moved(self, process: Process, met: frozenset[Hashable], attempt: int) -> None:
        if "acme" in process.places.shards:
            process.places.leave("acme")
        roots = {budget.key for budget in self.budgets}
        if roots & met:
            process.met_root = attempt + 1 >= ROOT_TRIES
            self.read_all(process)

    def charged(self, rows: Rows, place: dict[str, int]) -> dict[str, Decimal]:
        keys: dict[str, Decimal] = {}
        for _, moves in rows:
            for budget in self.budgets:
                spread = any(move.key.startswith(f"{budget.key}#") for move in moves)
                number = place.setdefault("acme", random.randrange(BUDGET_SHARDS))
                key = shard_key(budget.name, number) if spread else budget.key
                keys[key] = keys.get(key, Decimal(0)) + (RESERVED - CHARGED) / 2
        return keys

    def reader_moved(self, _met: frozenset[Hashable], place: dict[str, int]) -> None:
        place["acme"] = random.randrange(BUDGET_SHARDS)


DESIGNS: tuple[type[Design], ...] = (Design, Hashed, Plain, Prepaid)
