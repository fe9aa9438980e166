from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from cost_calculator.rows import Row
from router.errors import StoreUnavailable
from router.recording.record import Closing
from router.recovery.abandoned import Swept, close_abandoned
from router.recovery.close import EndedRun, close_request
from tests.support.factories import AT, HAIKU, SONNET, accepted

ENDED = "2026-11-21T10:05:00.000Z"
LIMIT = timedelta(minutes=15)


class NoRuns:
    """Where no workflow runs."""

    def end(self, _row: Row) -> bool:
        raise AssertionError("a request is no run of a workflow")


NO_RUNS = NoRuns()


def silent(_notice: Mapping[str, Any]) -> None:
    """Where nobody listens."""


class Memory:
    """The usage table, in memory."""

    def __init__(self, *requests: Row, review: Row | None = None) -> None:
        self.requests = {row["request_id"]: row for row in requests}
        self.review = {"REVIEW": review} if review else {}
        self.closed: list[tuple[Mapping[str, Any], list[Row]]] = []

    def rows_of(self, request_id: str) -> dict[str, Row]:
        found = self.requests.get(request_id)
        return {"REQUEST": found, **self.review} if found else {}

    def queued(self, queue: str, before: str) -> Any:
        return (
            row
            for row in self.requests.values()
            if row.get("queue") == queue and row["queued_at"] < before
        )

    def record(self, closing: Closing) -> bool:
        self.closed.append((closing.request, [*closing.attempts]))
        return True

    def add_attempts(self, request: Row, attempts: Sequence[Row], total: int) -> bool:
        self.closed.append(({"attempts": total}, [*attempts]))
        return True


def entered(name: str) -> dict[str, Any]:
    return {"type": "TaskStateEntered", "timestamp": AT, "stateEnteredEventDetails": {"name": name}}


def scheduled(**parameters: Any) -> dict[str, Any]:
    details = {"parameters": json.dumps(parameters)} if parameters else {}
    return {"type": "TaskScheduled", "timestamp": AT, "taskScheduledEventDetails": details}


def succeeded(output: Any) -> dict[str, Any]:
    details = {"output": json.dumps(output)}
    return {"type": "TaskSucceeded", "timestamp": AT, "taskSucceededEventDetails": details}


def failed(error: str, cause: str = "") -> dict[str, Any]:
    details = {"error": error, "cause": cause}
    return {"type": "TaskFailed", "timestamp": AT, "taskFailedEventDetails": details}


def called(model: str, **asked: Any) -> dict[str, Any]:
    """A model of the plan that is not its first: the step names it, ``call`` the first one."""
    target = {"provider": "bedrock", "model": model, "max_tokens": 4096, **asked}
    first = {"provider": "bedrock", "model": HAIKU, "max_tokens": 2048}
    return scheduled(Payload={"call": first, "progress": {"target": target, "attempts": []}})


def run(*history: Any, cause: str = "Aborted", arn: str = "arn:run-1") -> EndedRun:
    return EndedRun(arn, cause, ENDED, [entered("AnalyzeComplexity"), scheduled(), *history])


def close(*history: Any) -> tuple[Mapping[str, Any], list[Row]]:
    store = Memory(accepted())
    assert close_request(store, "r-1", run(*history), silent)
    return store.closed[0]


def test_a_run_that_died_before_any_call_closes_without_attempts() -> None:
    closing, attempts = close()

    assert (closing["status"], closing["cause"], closing["attempts"]) == ("FAILED", "Aborted", 0)
    assert (closing["cost_status"], closing["ended_at"]) == ("PENDING", ENDED)
    assert attempts == []


def test_a_call_in_flight_may_be_on_the_bill() -> None:
    _, [attempt] = close(entered("InvokeHaiku"), scheduled())

    assert (attempt["outcome"], attempt["model"], attempt["served"]) == ("UNKNOWN", HAIKU, 0)
    assert attempt["cost_status"] == "PENDING"


def test_a_paid_answer_that_was_never_recorded_is_recovered_with_its_usage() -> None:
    reported = {
        "provider": "bedrock",
        "model": HAIKU,
        "outcome": "OK",
        "served": True,
        "usage": {"inputTokens": 5, "outputTokens": 7},
        "started_at": "s",
        "ended_at": "e",
    }
    _, [attempt] = close(
        entered("InvokeHaiku"),
        scheduled(),
        failed("Throttled"),
        scheduled(),
        succeeded({"Payload": {"attempts": [reported], "output": "secret"}}),
    )

    assert (attempt["outcome"], attempt["retries"]) == ("OK", 1)
    assert json.loads(attempt["usage"]) == {"inputTokens": 5, "outputTokens": 7}
    assert attempt["served"] == 0
    assert "secret" not in str(attempt)


def test_an_http_answer_is_recovered_from_its_body() -> None:
    body = {
        "model": "gpt-6-luna-2026",
        "choices": [{"message": {"content": "4"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 1},
    }
    store = Memory(accepted(planned_provider="openai", planned_model="gpt-6-luna"))
    ended = run(
        entered("InvokeOpenAI"),
        scheduled(RequestBody={"model": "gpt-6-luna"}),
        succeeded({"StatusCode": 200, "ResponseBody": body}),
    )
    assert close_request(store, "r-1", ended, silent)
    [(_, [attempt])] = store.closed

    assert (attempt["outcome"], attempt["model"]) == ("OK", "gpt-6-luna")
    assert json.loads(attempt["usage"])["prompt_tokens"] == 3


def test_a_failed_attempt_and_its_fallback_are_both_kept_in_order() -> None:
    cause = json.dumps(
        {
            "errorMessage": json.dumps(
                {
                    "provider": "bedrock",
                    "model": HAIKU,
                    "outcome": "OVERLOADED",
                    "cause": "Overloaded",
                }
            )
        }
    )
    _, attempts = close(
        entered("InvokeHaiku"),
        scheduled(),
        failed("Overloaded", cause),
        entered("InvokeModel"),
        called(SONNET),
        {"type": "TaskTimedOut", "timestamp": AT},
    )

    assert [(a["item"], a["model"], a["outcome"]) for a in attempts] == [
        ("ATTEMPT#01", HAIKU, "OVERLOADED"),
        ("ATTEMPT#02", SONNET, "UNKNOWN"),
    ]


def test_a_refused_duplicate_never_touches_the_row_of_the_run_that_owns_it() -> None:
    store = Memory(accepted())

    assert not close_request(store, "r-1", run(arn="arn:another-run"), silent)
    assert store.closed == []


def test_a_closed_or_unknown_request_stays_as_it_is() -> None:
    store = Memory(accepted(status="SUCCEEDED"))

    assert not close_request(store, "r-1", run(), silent)
    assert not close_request(store, "never-accepted", run(), silent)


def sweepable(**changes: Any) -> Row:
    return accepted(queue="ACCEPTED#3", queued_at="2026-11-21T10:00:00.000Z", **changes)


def swept(store: Memory, find: Any, at: datetime) -> Swept:
    return close_abandoned(store, NO_RUNS, find, time_limit=LIMIT, at=at, notify=silent)


def test_the_sweep_closes_what_no_event_closed() -> None:
    store = Memory(sweepable())
    late = AT + LIMIT + timedelta(minutes=3)

    assert swept(store, lambda arn: ("r-1", run()), late) == Swept(1, 0)


def test_the_sweep_looks_up_no_run_of_a_request_that_only_waits_for_its_price() -> None:
    store = Memory(sweepable(status="SUCCEEDED", cost_status="PENDING"))

    def find(_arn: str) -> None:
        raise AssertionError("its run has ended")

    assert swept(store, find, AT + timedelta(hours=1)) == Swept(0, 0)


def test_the_sweep_looks_up_no_run_that_waits_for_a_human_before_its_time_is_over() -> None:
    later = {"queue": "ACCEPTED#3", "queued_at": "2026-11-22T10:00:00.000Z"}
    waiting = [accepted(request_id=f"r-{n}", status="PENDING_REVIEW", **later) for n in range(5000)]
    store = Memory(*waiting, sweepable(request_id="r-dead", execution_arn="arn:run-dead"))
    looked_up = []

    def find(arn: str) -> tuple[str, EndedRun]:
        looked_up.append(arn)
        return "r-dead", run(arn=arn)

    assert swept(store, find, AT + timedelta(hours=1)) == Swept(1, 0)
    assert looked_up == ["arn:run-dead"]


@pytest.mark.parametrize(
    "odd", [{"workflow_type": 7}, {"planned_mode": None}, {"max_tokens": "many"}, {"attempts": {}}]
)
def test_an_odd_row_does_not_keep_the_others_open(odd: dict[str, Any]) -> None:
    sound = sweepable(request_id="r-2", execution_arn="arn:run-2")
    store = Memory(sweepable(request_id="r-odd", execution_arn="arn:run-odd", **odd), sound)

    def find(arn: str) -> tuple[str, EndedRun]:
        return "r", run(entered("InvokeHaiku"), scheduled(), arn=arn)

    done = swept(store, find, AT + timedelta(hours=1))

    assert done.closed + done.left == 2
    assert "r-2" in [attempts[0]["request_id"] for _, attempts in store.closed]


def test_a_request_whose_run_died_waits_for_its_price_from_now_on() -> None:
    until = {"queue": "ACCEPTED#3", "queued_at": "2027-01-01T00:00:00.000Z"}
    store = Memory(accepted(status="PENDING_REVIEW", **until))
    close_request(store, "r-1", run(), silent)

    [(changes, _)] = store.closed
    assert changes["queue"].startswith("PENDING#")
    assert changes["queued_at"] == changes["ended_at"]


def test_the_sweep_leaves_a_request_its_time_and_a_run_its_life() -> None:
    store = Memory(sweepable())
    soon, late = AT + LIMIT, AT + LIMIT + timedelta(minutes=3)

    assert swept(store, lambda arn: ("r-1", run()), soon) == Swept(0, 0)
    assert swept(store, lambda arn: None, late) == Swept(0, 0)


def test_an_express_run_beyond_its_limit_leaves_a_call_that_may_be_billed() -> None:
    store = Memory(sweepable(workflow_type="EXPRESS"))

    def find(_arn: str) -> None:
        raise AssertionError("an Express run cannot be looked up")

    assert swept(store, find, AT + timedelta(hours=1)) == Swept(1, 0)
    [(_, [attempt])] = store.closed
    assert (attempt["outcome"], attempt["cause"]) == ("UNKNOWN", "Abandoned")


def test_a_request_that_cannot_be_closed_now_does_not_keep_the_others_open() -> None:
    store = Memory(sweepable(), sweepable(request_id="r-2", execution_arn="arn:run-2"))

    def find(arn: str) -> tuple[str, EndedRun]:
        if arn == "arn:run-1":
            raise StoreUnavailable("ThrottlingException")
        return "r-2", run(arn=arn)

    assert swept(store, find, AT + timedelta(hours=1)) == Swept(1, 1)


def test_a_recovered_call_keeps_its_own_token_limit() -> None:
    _, [attempt] = close(entered("InvokeModel"), called(SONNET))

    assert attempt["max_tokens"] == 4096


def test_a_recovered_call_keeps_the_mode_it_was_asked_in() -> None:
    _, [of_fallback] = close(entered("InvokeModel"), called(SONNET, service_tier="flex"))
    store = Memory(accepted(planned_mode="priority", baseline_mode="flex"))
    close_request(store, "r-1", run(entered("InvokeHaiku"), scheduled()), silent)
    [(_, [of_plan])] = store.closed

    assert (of_fallback["mode"], "baseline_mode" in of_fallback) == ("flex", False)
    assert (of_plan["mode"], of_plan["baseline_mode"]) == ("priority", "flex")


@pytest.mark.parametrize(("said", "mode"), [("default", "standard"), ("flex", "flex")])
def test_a_recovered_http_answer_has_the_tier_that_served_it(said: str, mode: str) -> None:
    body = {
        "choices": [{"message": {"content": "4"}, "finish_reason": "stop"}],
        "service_tier": said,
    }
    store = Memory(accepted(planned_mode="priority"))
    asked = scheduled(RequestBody={"model": "gpt-6-luna", "service_tier": "priority"})
    ended = run(entered("InvokeOpenAI"), asked, succeeded({"ResponseBody": body}))
    close_request(store, "r-1", ended, silent)
    [(_, [attempt])] = store.closed

    assert attempt["mode"] == mode


def test_an_express_run_leaves_a_call_in_the_mode_that_was_planned() -> None:
    store = Memory(accepted(planned_mode="flex"))
    close_request(store, "r-1", EndedRun("arn:run-1", "Aborted", ENDED, None), silent)
    [(_, [attempt])] = store.closed

    assert attempt["mode"] == "flex"


def test_a_notice_goes_out_once_the_row_is_written_and_holds_no_text() -> None:
    store, told = Memory(accepted()), []

    def notify(notice: Mapping[str, Any]) -> None:
        assert store.closed, "told before it was written"
        told.append(notice)

    assert close_request(store, "r-1", run(entered("InvokeHaiku"), scheduled()), notify)

    assert told == [
        {
            "request_id": "r-1",
            "tenant": "default",
            "tier": "SIMPLE",
            "cause": "Aborted",
            "model": HAIKU,
            "attempts": 1,
        }
    ]


def test_what_somebody_else_closed_is_not_told_of_again() -> None:
    store = Memory(accepted())
    store.record = lambda _closing: False  # type: ignore[method-assign]

    def notify(_notice: Mapping[str, Any]) -> None:
        raise AssertionError("a second notice")

    assert not close_request(store, "r-1", run(), notify)
    assert not close_request(Memory(accepted(status="FAILED")), "r-1", run(), notify)


def test_a_run_that_died_while_a_human_was_asked_leaves_no_draft_on_the_list() -> None:
    review = {"item": "REVIEW", "task_token": "t", "queue": "REVIEW#1", "queued_at": ENDED}
    store = Memory(accepted(status="PENDING_REVIEW"), review=review)

    assert close_request(store, "r-1", run(), silent)

    [(_, [dropped])] = store.closed
    assert (dropped["decision"], dropped["reviewer"]) == ("DROPPED", "Aborted")
    assert not {"task_token", "queue", "queued_at"} & dropped.keys()
