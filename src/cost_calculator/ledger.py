"""Plans the transactions that write priced rows and what they add to the sums. Pure.

A row that changes adds the difference between what it adds now and what it added before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from cost_calculator.budget_names import budgets_of, spread_budgets_of
from cost_calculator.cells import Cell
from cost_calculator.contributions import Sums, add, commitment, contribution
from cost_calculator.settlement import Row

MAX_ACTIONS = 100
"""DynamoDB's own limit on one transaction."""

RowKey = tuple[str, str]
"""A row's ``request_id`` and ``item``."""

Key = TypeVar("Key")


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


def _negated(sums: Sums) -> Sums:
    return {name: -value for name, value in sums.items()}
