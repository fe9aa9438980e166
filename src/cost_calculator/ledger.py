"""Sums priced rows into cells, and plans the transactions that write both. Pure.

What a row adds to its cell is a function of the row alone, so a sum can always be recomputed from
the rows, and a row that changes adds the difference between what it adds now and what it added.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple, Protocol, TypeVar

from cost_calculator.budget_names import budgets_of, spread_budgets_of
from cost_calculator.pricing import CostStatus
from cost_calculator.rows import CACHED, REFUSED_ITEM, RUN_ITEM
from cost_calculator.settlement import Row
from cost_calculator.usage import TOKEN_CLASSES

MAX_ACTIONS = 100
"""DynamoDB's own limit on one transaction."""

ANSWERED = frozenset({"SUCCEEDED", "TRUNCATED"})
NOBODY = "none"
FILES = ("images", "documents")
SESSIONS = "#sessions"

HISTOGRAM_BOUNDS = (10, 100, 1_000, 10_000, 100_000, 1_000_000)
"""Upper bounds of cost per attempt, in micro-dollars; beyond the last, ``cost_le_inf``."""

_COUNTED_AS = {
    CostStatus.UNPRICED: "unpriced",
    CostStatus.UNKNOWN: "unknown",
    CostStatus.INVALID_USAGE: "invalid_usage",
}

Sums = dict[str, Decimal]
RowKey = tuple[str, str]
"""A row's ``request_id`` and ``item``."""

Key = TypeVar("Key")


class Parts(NamedTuple):
    """What a cell is about."""

    day: str
    tenant: str
    model: str
    tier: str
    workflow: str
    session: str = NOBODY


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """What one sum is about: the UTC ``day``, and as ``cell`` ``tenant#model#tier``; for the steps
    of a workflow ``tenant#model#tier@workflow``.

    What counts for a session counts once more, in a cell ``tenant#session#model`` of the ``day``
    with ``#sessions`` behind it: there may be many, and readers of the day do not meet them.

    It is kept in several slots, of which each writer uses one: those who write at the same time do
    not meet.
    """

    day: str
    cell: str

    @classmethod
    def of(cls, row: Row) -> Cell:
        """Return the cell a row counts in, by the UTC day it ended."""
        day = datetime.fromisoformat(row["ended_at"]).astimezone(UTC).date().isoformat()
        model = row.get("model") or NOBODY
        tier = f"{row['tier']}@{row['workflow']}" if "workflow" in row else row["tier"]
        return cls(day, f"{row['tenant']}#{model}#{tier}")

    @classmethod
    def all_of(cls, row: Row) -> tuple[Cell, ...]:
        """Return the cells a row counts in: its day's, and its session's."""
        counted = cls.of(row)
        if "session_id" not in row:
            return (counted,)
        model = row.get("model") or NOBODY
        name = f"{row['tenant']}#{row['session_id']}#{model}"
        return counted, cls(f"{counted.day}{SESSIONS}", name)

    @property
    def parts(self) -> Parts:
        day = self.day.partition("#")[0]
        if SESSIONS in self.day:
            tenant, session, model = self.cell.split("#", 2)
            return Parts(day, tenant, model, NOBODY, NOBODY, session)
        tenant, model, tier = self.cell.rsplit("#", 2)
        tier, _, workflow = tier.partition("@")  # no tier has an @ in its name
        return Parts(day, tenant, model, tier, workflow or NOBODY)


@dataclass(frozen=True, slots=True)
class Change:
    """A row before and after; it is written only while the ``held`` attributes are as before.

    ``runs`` is held since the image of an earlier run may come again while the row of the next one
    is PENDING.
    """

    before: Row
    after: Row
    held: tuple[str, ...] = ("cost_status", "runs")

    @property
    def key(self) -> tuple[str, str]:
        return self.before["request_id"], self.before["item"]

    @property
    def run(self) -> int:
        """Return the number of the run that left the row so: 1, unless it was run again."""
        return int(self.before.get("runs", 1))

    @property
    def cells(self) -> tuple[Cell, ...]:
        # A reopened row has no end any more; the cells are those in which it counted before.
        return Cell.all_of(self.before)

    def sums(self) -> Sums:
        """Return what the change adds to each of its cells; zeros left out."""
        return add([contribution(self.after), _negated(contribution(self.before))])

    def budgets(self) -> dict[str, Sums]:
        """Return what the change adds to each of its budgets; zeros left out."""
        # A request that is run again another day leaves one day's budget and enters another's.
        parts: dict[str, list[Sums]] = {}
        for name in budgets_of(self.after):
            parts.setdefault(name, []).append(commitment(self.after))
        for name in budgets_of(self.before):
            parts.setdefault(name, []).append(_negated(commitment(self.before)))
        return _summed(parts)


@dataclass(frozen=True, slots=True)
class Group:
    """Rows and the sums they add to, written together or not at all; ``budgets`` by name.

    Those in ``spread`` have shards.
    """

    changes: tuple[Change, ...]
    cells: Mapping[Cell, Sums]
    budgets: Mapping[str, Sums]
    spread: frozenset[str]


@dataclass(slots=True)
class Outcome:
    """What became of the changes: written now, found priced already, or not written."""

    written: list[Change] = field(default_factory=list)
    duplicates: list[RowKey] = field(default_factory=list)
    failed: dict[RowKey, str] = field(default_factory=dict)


class Ledger(Protocol):
    """What writes changes with what they add to the sums, each once."""

    def commit(self, changes: Iterable[Change]) -> Outcome: ...


def contribution(row: Row) -> Sums:
    """Return what one row adds to its cell; a PENDING row adds nothing yet."""
    status = row.get("cost_status", CostStatus.PENDING)
    if status == CostStatus.PENDING:
        return {}
    sums: dict[str, Any] = {"overhead_usd": row.get("overhead_usd", 0)}
    if row["item"] == "REQUEST":
        sums["requests"] = 1
        sums["failures"] = int(row["status"] not in ANSWERED)
        sums |= {name: row[name] for name in FILES if name in row}
        if "feedback" in row:
            sums[f"feedback_{row['feedback']}"] = 1
        return _without_zeros(sums)
    if row["item"].startswith(RUN_ITEM):
        return _without_zeros(sums | {"workflow_runs": 1})
    if row["item"] == REFUSED_ITEM:
        return _without_zeros(sums | {"refusals": 1})
    sums["attempts"] = row.get("calls", 1)
    sums["retries"] = row.get("retries", 0)
    sums["tool_calls"] = row.get("tool_calls", 0)
    sums["cache_hits"] = int(row.get("outcome") == CACHED)
    for name in TOKEN_CLASSES:
        sums[f"{name}_tokens"] = row.get(f"{name}_tokens", 0)
    if status == CostStatus.PRICED:
        sums["cost_usd"] = row["cost_usd"]
        sums[_bucket(Decimal(row["cost_usd"]))] = 1
        sums["baseline_usd"] = row.get("baseline_usd", 0)
        sums["baseline_unpriced"] = int("baseline_usd" not in row)
    else:
        sums[_COUNTED_AS[CostStatus(status)]] = 1
        sums["upper_estimate_usd"] = row.get("upper_estimate_usd", 0)
    return _without_zeros(sums)


def commitment(row: Row) -> Sums:
    """Return what one row holds of each of its budgets: the reservation, then the charge.

    A REQUEST row holds what was reserved for the request until it is priced itself; every row
    holds its own charge from then on.
    """
    if row.get("cost_status", CostStatus.PENDING) == CostStatus.PENDING:
        reserved = row.get("reserved_usd", 0)
        return _without_zeros({"committed_usd": reserved, "reserved_usd": reserved})
    return _without_zeros({"committed_usd": row.get("charge_usd", 0)})


def add(parts: Iterable[Mapping[str, Any]]) -> Sums:
    """Add sums name by name; zeros left out."""
    total: Sums = {}
    for part in parts:
        for name, value in part.items():
            total[name] = total.get(name, Decimal(0)) + value
    return _without_zeros(total)


def group(changes: Iterable[Change], max_actions: int = MAX_ACTIONS) -> Iterator[Group]:
    """Pack changes into transactions: no row twice, each cell once, no more actions than allowed.

    Of two changes of one row the first counts: they are the same row delivered twice. Only a
    request that was run again has images of several runs; only the last run's can apply.
    """
    unique: dict[tuple[str, str], Change] = {}
    for change in changes:
        if change.run > unique.setdefault(change.key, change).run:
            unique[change.key] = change
    members: list[Change] = []
    cells: set[Cell] = set()
    budgets: set[str] = set()
    for change in sorted(unique.values(), key=_order):
        named = budgets.union(change.budgets())
        if members and len(members) + 1 + len(cells.union(change.cells)) + len(named) > max_actions:
            yield make_group(members)
            members, cells, budgets = [], set(), set()
        members.append(change)
        cells.update(change.cells)
        budgets.update(change.budgets())
    if members:
        yield make_group(members)


def make_group(changes: Sequence[Change]) -> Group:
    """Return the group of just these changes, its cells and budgets summed."""
    cells: dict[Cell, list[Sums]] = {}
    budgets: dict[str, list[Sums]] = {}
    for change in changes:
        for cell in change.cells:
            cells.setdefault(cell, []).append(change.sums())
        for name, sums in change.budgets().items():
            budgets.setdefault(name, []).append(sums)
    spread = frozenset(name for change in changes for name in spread_budgets_of(change.before))
    return Group(tuple(changes), _summed(cells), _summed(budgets), spread)


def _order(change: Change) -> tuple[bool, tuple[Cell, ...], tuple[str, str]]:
    # A reservation goes last, so that it is not given up before the calls it was for are charged.
    # Then rows of one cell side by side: fewer sums to write, and fewer writers per sum.
    return "reserved_usd" in change.before, change.cells, change.key


def _summed(parts: Mapping[Key, list[Sums]]) -> dict[Key, Sums]:
    totals = {key: add(sums) for key, sums in parts.items()}
    return {key: sums for key, sums in totals.items() if sums}


def _bucket(cost: Decimal) -> str:
    micros = cost.scaleb(6)
    bound = next((bound for bound in HISTOGRAM_BOUNDS if micros <= bound), "inf")
    return f"cost_le_{bound}"


def _negated(sums: Sums) -> Sums:
    return {name: -value for name, value in sums.items()}


def _without_zeros(sums: Mapping[str, Any]) -> Sums:
    return {name: Decimal(value) for name, value in sums.items() if value}
