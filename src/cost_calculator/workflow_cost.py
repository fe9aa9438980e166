"""What a workflow run cost: the sum of its steps, each the sum of its rows. Pure.

A run is known by the steps that name it as their parent. A step whose cost is not known leaves the
run's total open: the sum is then of the others, and the gaps are counted beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Protocol

from cost_calculator.contributions import Sums, add, contribution
from cost_calculator.row_keys import request_id_of
from cost_calculator.rows import EMBED, OPEN, RUN_ITEM, RUNNING
from cost_calculator.settlement import Row, UnreadableRow

Settle = Callable[[Row], Row]
_MOST_LEVELS = 8
"""Runs within runs, deeper than any workflow nests: rows that name each other end here."""


class Rows(Protocol):
    """What a run is read from."""

    def steps_of(self, parent: str) -> Iterable[str]:
        """Yield the keys of the requests that name a run as their parent, the oldest first."""

    def rows_of(self, key: str) -> Mapping[str, Row]:
        """Return all rows under a key, by ``item``."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a run; ``sums`` are what its rows add to the sums of ``spend``.

    ``pending`` rows have no price so far. A step may be the parent of others.
    """

    request_id: str
    name: str
    status: str
    model: str
    sums: Sums
    pending: int
    steps: tuple[Step, ...] = ()

    @property
    def total(self) -> Sums:
        """Return the sums of the step and of all below it."""
        return add([self.sums, *(step.total for step in self.steps)])

    @property
    def all_pending(self) -> int:
        return self.pending + sum(step.all_pending for step in self.steps)


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """A run: its workflow's name if a step gave one, its steps in order of their start.

    If it is one of the module's workflows, ``own`` are the sums of the run's own rows: what its
    states, functions and embeddings cost; ``status`` is that of its last execution, and ``cause``
    the error that ended it.
    """

    run_id: str
    workflow: str | None
    steps: tuple[Step, ...]
    own: Sums = field(default_factory=dict)
    status: str | None = None
    cause: str | None = None

    @property
    def total(self) -> Sums:
        return add([self.own, *(step.total for step in self.steps)])

    @property
    def pending(self) -> int:
        """Return how many steps or calls have not ended, the run itself among them."""
        return sum(step.all_pending for step in self.steps) + (self.status == RUNNING)


class TooManySteps(ValueError):
    """A run has more steps than ``most``: too many to read while a caller waits."""

    def __init__(self, most: int) -> None:
        super().__init__(f"more than {most} steps")
        self.most = most


def read_run(
    parent: str, rows: Rows, settle: Settle, most: int | None = None
) -> WorkflowRun | None:
    """Return the run of that key, ``None`` if no row is of it: no step, and none of its own.

    ``settle`` prices rows that wait for it, so that a run is known as soon as it ends. Raise
    ``TooManySteps`` if it has more than ``most``.
    """
    keys = list(islice(rows.steps_of(parent), None if most is None else most + 1))
    if most is not None and len(keys) > most:
        raise TooManySteps(most)
    found = [(key, rows.rows_of(key)) for key in keys]
    found = [(key, items) for key, items in found if "REQUEST" in items]
    own = [
        row
        for row in rows.rows_of(parent).values()
        if _is_execution(row) or row.get("purpose") == EMBED
    ]
    if not found and not own:
        return None
    # The executions of groups are parts of one.
    executions = [row for row in own if _is_execution(row) and "group" not in row]
    last = max(executions, key=_begun_at, default=None)
    names = (row.get("workflow") for row in [*(items["REQUEST"] for _, items in found), *own])
    return WorkflowRun(
        run_id=request_id_of(parent),
        workflow=next(filter(None, names), None),
        steps=tuple(_step(key, items, rows, settle, _MOST_LEVELS) for key, items in found),
        own=add(contribution(_settled(row, settle)) for row in own),
        status=None if last is None else str(last["status"]),
        cause=None if last is None else last.get("cause"),
    )


def _is_execution(row: Row) -> bool:
    return str(row["item"]).startswith(RUN_ITEM)


def _begun_at(row: Row) -> str:
    """Return when an execution began; rows of earlier versions have its end alone."""
    return str(row.get("started_at") or row["ended_at"])


def read_step(key: str, items: Mapping[str, Row], settle: Settle) -> Step:
    """Return the step that a request's rows are, without any below it."""
    request = items["REQUEST"]
    counted = [_settled(row, settle) for row in items.values() if "cost_status" in row]
    return Step(
        request_id=request_id_of(key),
        name=str(request.get("step", request_id_of(key))),
        status=str(request["status"]),
        model=str(request.get("model") or request.get("planned_model", "")),
        sums=add(map(contribution, counted)),
        # A step that still runs has rows to come.
        pending=sum(row["cost_status"] == "PENDING" for row in counted)
        + (request["status"] in OPEN),
    )


def embedding_sums(items: Mapping[str, Row], settle: Settle) -> Sums:
    """Return what the embeddings of a run add to the sums of ``spend``, from its own rows."""
    rows = (row for row in items.values() if row.get("purpose") == EMBED)
    return add(contribution(_settled(row, settle)) for row in rows)


def _step(key: str, items: Mapping[str, Row], rows: Rows, settle: Settle, levels: int) -> Step:
    below = rows.steps_of(key) if levels else ()
    inner = ((each, rows.rows_of(each)) for each in below if each != key)
    steps = tuple(
        _step(each, found, rows, settle, levels - 1) for each, found in inner if "REQUEST" in found
    )
    return replace(read_step(key, items, settle), steps=steps)


def _settled(row: Row, settle: Settle) -> Row:
    if row.get("cost_status") != "PENDING":
        return row  # priced, or of a run that goes on
    try:
        return settle(row)
    except UnreadableRow:
        return row


def lines(run: WorkflowRun) -> list[tuple[str, Step]]:
    """Return the steps as a tree has them: each with the branch that is drawn before it."""
    return list(_lines(run.steps, ""))


def _lines(steps: Sequence[Step], before: str) -> Iterable[tuple[str, Step]]:
    for place, step in enumerate(steps):
        is_last = place == len(steps) - 1
        yield before + ("└─ " if is_last else "├─ "), step
        yield from _lines(step.steps, before + ("   " if is_last else "│  "))
