"""A workflow's run that nobody ended is closed from its history, once, by event or sweep."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from cost_calculator.aws.items import from_item, to_item
from cost_calculator.clock import iso
from cost_calculator.contributions import add, contribution
from cost_calculator.rows import Row
from cost_calculator.settlement import settle
from router.aws.run_rows import RunRows
from router.aws.usage_table import UsageStore
from router.recording.workflow_run import after_redrive, run_row, running_row
from router.recovery.abandoned import Swept, close_abandoned
from router.recovery.close import EndedRun
from router.recovery.workflow_run import close_run, key_of_run
from tests.fakes.dynamodb import DynamoDB
from tests.support.cost_rows import PRICED_AT, RATES
from tests.support.desk import new_tables
from tests.support.factories import AT
from tests.support.tables import USAGE

ARN = "arn:aws:states:us-east-1:123456789012:execution:faregate-rag:e-1"
BEGUN = "2026-11-21T10:00:00.000Z"
ENDED = "2026-11-21T10:00:09.000Z"


def event(kind: str, second: float = 0, resource: str = "lambda") -> dict[str, Any]:
    name = f"{kind[0].lower()}{kind[1:]}EventDetails"
    details: dict[str, Any] = {"resourceType": resource} if kind.startswith("Task") else {}
    return {"type": kind, "timestamp": AT + timedelta(seconds=second), name: details}


# A Map's branches in turn: a retry in one, a child in the other, and one call that never came back.
MIXED = [
    event("MapStateEntered"),
    event("TaskStateEntered"),
    event("TaskStateEntered"),
    event("TaskScheduled", 0),
    event("TaskScheduled", 1, "states"),
    event("TaskFailed", 2),
    event("TaskScheduled", 3),
    event("TaskSucceeded", 4),
    event("TaskSucceeded", 6, "states"),
    event("TaskStateEntered", 6),
    event("TaskScheduled", 7),
    event("ExecutionAborted", 9),
]


def ended(history: Any = tuple(MIXED), status: str = "ABORTED", second: float = 9) -> EndedRun:
    at = (AT + timedelta(seconds=second)).isoformat()
    return EndedRun(ARN, "Aborted", at, history, status)


class Rows:
    """The ``usage`` table, as the runs of workflows see it."""

    def __init__(self) -> None:
        self.client: DynamoDB = new_tables()
        self.runs = RunRows(self.client, USAGE)  # type: ignore[arg-type]

    def begin(self) -> None:
        self.runs.put(running_row("acme/run-1", "rag", ARN, at=BEGUN, lambda_mb=512))

    def close(self, run: EndedRun) -> bool:
        return close_run(self.runs, "acme/run-1", run, workflow="rag", memory_mb=512)

    def all(self) -> list[Row]:
        return sorted(map(from_item, self.client.rows(USAGE)), key=lambda row: str(row["item"]))

    @property
    def row(self) -> Row:
        [(_, item)] = self.client.tables[USAGE].items.items()
        return from_item(item)


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.mark.parametrize("has_begun", [True, False])
def test_it_has_its_outcome_its_reason_and_what_it_cost(rows: Rows, has_begun: bool) -> None:
    if has_begun:
        rows.begin()

    assert rows.close(ended())

    row = rows.row
    assert (row["status"], row["cause"], row["workflow"]) == ("ABORTED", "Aborted", "rag")
    assert row["transitions"] == 4 + 1
    assert row["lambda_ms"] == [2000, 1000, 2000]
    assert settle(row, RATES, PRICED_AT)["overhead_usd"] > 0
    assert row["tenant"] == "acme"


def test_it_keeps_its_place_on_the_work_list_until_it_is_priced(rows: Rows) -> None:
    rows.begin()
    before = rows.row

    rows.close(ended())

    assert before["queue"].startswith("ACCEPTED#")
    assert (rows.row["queue"], rows.row["queued_at"]) == (before["queue"], BEGUN)
    assert "queue" not in settle(rows.row, RATES, PRICED_AT)


@pytest.mark.parametrize(
    ("given", "group"),
    [('{"id": "run-1", "group": 51}', 51), ('{"id": "run-1"}', None), ("[", None),
     ('{"group": "51"}', None), ('{"group": true}', None)],
)  # fmt: skip
def test_a_part_of_a_run_that_never_began_its_row_is_closed_as_a_part(
    rows: Rows, given: str, group: int | None
) -> None:
    begun = {"type": "ExecutionStarted", "executionStartedEventDetails": {"input": given}}

    rows.close(ended((begun, *MIXED)))

    assert rows.row.get("group") == group
    runs = contribution(settle(rows.row, RATES, PRICED_AT)).get("workflow_runs", 0)
    assert runs == (1 if group is None else 0)


def test_the_first_end_counts_whoever_wrote_it(rows: Rows) -> None:
    rows.begin()
    own = run_row(
        "acme/run-1", "rag", "e-1", status="SUCCEEDED", at=ENDED, transitions=8, lambda_ms=[1],
        lambda_mb=512,
    )  # fmt: skip
    assert rows.runs.end(own)

    assert not rows.close(ended())
    assert rows.row["status"] == "SUCCEEDED"


def test_a_start_that_comes_after_the_end_changes_nothing(rows: Rows) -> None:
    rows.close(ended())

    rows.begin()

    assert rows.row["status"] == "ABORTED"


def test_without_a_history_what_it_entered_is_left_out_not_0(rows: Rows) -> None:
    rows.begin()

    rows.close(ended(history=None, status="FAILED"))

    assert "transitions" not in rows.row


LATER = "2026-11-22T10:00:00.000Z"


def end_of(status: str, transitions: int, *ms: int, at: str = LATER) -> Row:
    """As the workflow's own function writes it: all of the way, redriven or not."""
    return run_row(
        "acme/run-1", "rag", "e-1", status=status, at=at, transitions=transitions,
        lambda_ms=ms, lambda_mb=512,
    )  # fmt: skip


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED"])
def test_the_end_after_a_redrive_has_a_row_of_its_own_with_what_came_after(
    rows: Rows, status: str
) -> None:
    rows.begin()
    rows.close(ended())

    for _ in range(2):  # the second is a repeat
        rows.runs.end_own(end_of(status, 8, 10, 20, 30, 40))

    first, again = rows.all()
    assert (first["item"], first["status"]) == ("WORKFLOW#e-1", "ABORTED")
    assert (again["item"], again["status"]) == ("WORKFLOW#e-1#2", status)
    assert (again["transitions"], again["lambda_ms"]) == (8 - 5 + 1, [40])
    assert "cause" not in again
    sums = add(contribution(settle(row, RATES, PRICED_AT)) for row in (first, again))
    assert sums["workflow_runs"] == 1


def test_any_name_of_an_execution_is_followed_through_any_number_of_redrives() -> None:
    def end(status: str, day: int, *ms: int) -> Row:
        at = f"2026-11-{day}T10:00:00.000Z"
        return run_row(
            "run-1", "rag", "2", status=status, at=at, transitions=8, lambda_ms=ms, lambda_mb=512
        )

    first = end("ABORTED", 21, 1, 2, 3, 4, 5)
    second = after_redrive(first, end("TIMED_OUT", 22, 9)) or {}
    third = after_redrive(second, end("SUCCEEDED", 23, 9)) or {}

    assert [row["item"] for row in (first, second, third)] == [
        "WORKFLOW#2", "WORKFLOW#2#2", "WORKFLOW#2#3",
    ]  # fmt: skip
    assert (second["lambda_ms"], third["lambda_ms"], third["redrive"]) == ([9], [9], 2)


def test_a_call_that_outlives_its_run_is_no_redrive(rows: Rows) -> None:
    rows.begin()
    rows.close(ended())
    soon = iso(AT + timedelta(seconds=60))

    rows.runs.end_own(end_of("SUCCEEDED", 8, 10, 20, 30, 55_000, at=soon))

    assert rows.row["status"] == "ABORTED"


def test_a_run_that_failed_is_in_a_fail_state_so_that_another_end_of_it_is_a_repeat(
    rows: Rows,
) -> None:
    rows.begin()
    rows.runs.end_own(end_of("FAILED", 8, 10, at=ENDED))

    rows.runs.end_own(end_of("SUCCEEDED", 8, 10))

    assert rows.row["status"] == "FAILED"


def test_each_redrive_adds_what_it_entered_itself_however_often_its_event_comes(rows: Rows) -> None:
    more = [
        event("ExecutionRedriven", 90_000),
        event("TaskScheduled", 90_001),
        event("TaskSucceeded", 90_003),
        event("TaskStateEntered", 90_003),
        event("ExecutionAborted", 90_004),
    ]
    rows.begin()
    rows.close(ended())

    assert rows.close(ended([*MIXED, *more], second=90_004))
    assert not rows.close(ended([*MIXED, *more], second=90_004))

    first, again = rows.all()
    assert (first["transitions"], again["transitions"]) == (5, 1)
    # The call that the first abort cut off does not last until the redrive.
    assert again["lambda_ms"] == [2000]
    rows.runs.end_own(end_of("SUCCEEDED", 8, *[10] * 5, at="2026-11-25T10:00:00.000Z"))
    assert [row["item"] for row in rows.all()][2] == "WORKFLOW#e-1#3"


def test_a_run_whose_first_end_nobody_told_has_both_its_ends(rows: Rows) -> None:
    rows.begin()
    more = [event("ExecutionRedriven", 60), event("TaskScheduled", 61)]

    rows.close(ended([*MIXED, *more], "TIMED_OUT"))

    assert [row["status"] for row in rows.all()] == ["ABORTED", "TIMED_OUT"]


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"id": "run-1", "tenant": "acme"}, "acme/run-1"),
        ({"id": "run-1"}, "run-1"),
        ({}, "e-1"),
        ({"id": "no id/", "tenant": "a/b"}, "e-1"),
        ({"id": 7, "tenant": 7}, "e-1"),
        ("a text", "e-1"),
    ],
)
def test_no_field_of_the_input_is_trusted(given: Any, key: str) -> None:
    assert key_of_run(given, "e-1") == key


def sweep(rows: Rows, find: Any, at: datetime) -> Swept:
    store = UsageStore(rows.client, USAGE)  # type: ignore[arg-type]
    limit = timedelta(minutes=15)
    return close_abandoned(store, rows.runs, find, time_limit=limit, at=at, notify=silent)


def silent(_notice: Mapping[str, Any]) -> None:
    raise AssertionError("the alarm of the workflow tells of it")


def test_the_sweep_closes_a_run_whose_end_no_event_told(rows: Rows) -> None:
    rows.begin()
    at = datetime.fromisoformat(BEGUN) + timedelta(minutes=18)

    assert sweep(rows, lambda arn: ("any", ended()) if arn == ARN else None, at) == Swept(1, 0)
    assert rows.row["status"] == "ABORTED"
    # It only waits for its price now.
    assert sweep(rows, lambda _arn: pytest.fail("it has ended"), at) == Swept(0, 0)


def test_the_sweep_leaves_a_run_that_goes_on(rows: Rows) -> None:
    rows.begin()
    soon, late = (datetime.fromisoformat(BEGUN) + timedelta(minutes=m) for m in (10, 90))

    assert sweep(rows, lambda _arn: pytest.fail("it has its time"), soon) == Swept(0, 0)
    assert sweep(rows, lambda _arn: None, late) == Swept(0, 0)
    assert rows.row["status"] == "RUNNING"


def test_a_run_that_goes_on_is_in_no_sum(rows: Rows) -> None:
    rows.begin()

    assert "cost_status" not in rows.row
    assert to_item(rows.row)["tier"] == {"S": "none"}
