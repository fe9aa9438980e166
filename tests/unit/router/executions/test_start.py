"""One way to start a request: once, compared, and found again in few looks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import Conflict
from router.executions.names import execution_name
from router.executions.run import Busy, NoSuchRun, Run
from router.executions.start import latest, start_once
from router.intake.identity import Identity, payload_hash

PAYLOAD: dict[str, Any] = {"input": "hi", "tenant": "acme", "request_id": "r"}
ASKED = Identity("acme", "r", payload_hash(PAYLOAD))
TEXT = json.dumps(PAYLOAD)


@dataclass
class Executions:
    """Step Functions: runs by name, and how often they were looked at."""

    runs: dict[str, Run] = field(default_factory=dict)
    looks: int = 0
    shown: bool = True

    def start(self, name: str, payload: str) -> Run | None:
        if name in self.runs:
            return self.describe(name)
        self.runs[name] = Run("RUNNING", payload)
        return None

    def describe(self, name: str) -> Run:
        self.looks += 1
        if name not in self.runs or not self.shown:
            raise NoSuchRun("ExecutionDoesNotExist")
        return self.runs[name]

    def has(self, status: str, turn: int | str = 0, text: str = TEXT, **ended: Any) -> None:
        self.runs[execution_name("acme", "r", turn=turn)] = Run(status, text, **ended)


def nothing() -> bool:
    return False


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "PENDING_REDRIVE"])
def test_a_run_that_goes_on_or_succeeded_is_joined(status: str) -> None:
    executions = Executions()
    executions.has(status)

    started = start_once(ASKED, TEXT, executions, nothing)

    assert (started.turn, started.earlier and started.earlier.status) == (0, status)
    assert len(executions.runs) == 1


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
@pytest.mark.parametrize("has_rows", [True, False])
def test_a_run_that_failed_leaves_its_turn_to_the_next_unless_it_left_rows(
    status: str, has_rows: bool
) -> None:
    executions = Executions()
    executions.has(status)

    started = start_once(ASKED, TEXT, executions, lambda: has_rows)

    assert started.turn == (0 if has_rows else 1)


@pytest.mark.parametrize(
    "other",
    [{"input": "bye"}, {"tenant": "other"}, {"request_id": "another"}, {"tenant": None}],
)
@pytest.mark.parametrize("status", ["RUNNING", "FAILED"])
def test_a_name_that_carries_another_request_is_a_conflict(
    other: dict[str, Any], status: str
) -> None:
    executions = Executions()
    executions.has(status, text=json.dumps(PAYLOAD | other))

    with pytest.raises(Conflict):
        start_once(ASKED, TEXT, executions, nothing)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 5000])
def test_an_input_that_is_no_request_is_another_one(text: str) -> None:
    executions = Executions()
    executions.has("FAILED", text=text)

    with pytest.raises(Conflict):
        start_once(ASKED, TEXT, executions, nothing)


@given(refused=st.integers(1, 300))
def test_the_next_turn_is_found_in_few_looks_however_many_were_refused(refused: int) -> None:
    executions = Executions()
    for turn in range(refused):
        executions.has("FAILED", turn)

    started = start_once(ASKED, TEXT, executions, nothing)

    assert started.turn == refused
    assert executions.looks <= 4 + 4 * refused.bit_length()
    assert latest("acme", "r", executions).status == "RUNNING"


def test_the_last_turn_counts_however_it_ended() -> None:
    executions = Executions()
    executions.has("FAILED")
    executions.has("FAILED", "t2", error="RateLimited")

    started = start_once(ASKED, TEXT, executions, nothing, last_turn="t2")

    assert (started.turn, len(executions.runs)) == ("t2", 2)
    assert started.earlier
    assert started.earlier.error == "RateLimited"


def test_a_name_that_is_taken_and_not_shown_yet_is_tried_again_and_no_fault_of_the_set_up() -> None:
    executions = Executions(shown=False)
    executions.has("RUNNING")

    with pytest.raises(Busy):
        start_once(ASKED, TEXT, executions, nothing)
