"""The call answers and the table does not: the write is repeated, and never the call."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cost_calculator.clock import iso, now
from router import errors
from router.encoding import STATE_BYTES
from router.errors import AnswerNotRecorded, RequestClosed, StoreUnavailable
from router.invocation.call import Answer
from tests.fakes.dynamodb import service_error, timed_out
from tests.support.runs import KEY, USAGE, attempt
from tests.unit.router.handlers.stage import (
    Stage,
    a_plan,
    failed,
    http,
    spare,
)

CHAT = {
    "model": "gpt-6-luna-2026",
    "choices": [{"message": {"content": "Paris."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1},
    "service_tier": "default",
}
LARGE = "x" * STATE_BYTES


def written(error: BaseException) -> dict[str, Any]:
    """Return the attempt that an error carries as its message."""
    found: dict[str, Any] = json.loads(str(error))
    return found


def to_record(stage: Stage, retries: int = 0) -> Any:
    """Let the call answer while the table is down; return what is then to be recorded."""
    stage.before_the_next_write(service_error("InternalServerError"))
    with pytest.raises(AnswerNotRecorded) as raised:
        stage.invoke(retries)
    step = stage.next(failed(raised.value, retries=retries))
    assert step["step"] == "RECORD"
    return step["answer"]


def test_an_answer_whose_rows_are_not_written_is_kept_and_says_where(stage: Stage) -> None:
    stage.before_the_next_write(service_error("InternalServerError"))

    with pytest.raises(AnswerNotRecorded) as raised:
        stage.invoke(retries=1)

    left = written(raised.value)
    assert stage.bucket.kept == {left["draft_s3"]: "Paris."}
    assert (left["outcome"], left["usage"], left["retries"]) == ("OK", USAGE, 1)
    assert "Paris" not in str(left)


def test_only_the_write_is_repeated_and_never_the_call(stage: Stage) -> None:
    answer = to_record(stage, retries=1)
    outcome = stage.record(answer=answer)

    rows = stage.rows()
    assert (outcome["status"], outcome["output"]) == ("SUCCEEDED", "Paris.")
    assert len(stage.model.asked) == 1
    assert rows["ANSWER"]["output"] == "Paris."
    assert (rows["REQUEST"]["status"], rows["REQUEST"]["attempts"]) == ("SUCCEEDED", 1)
    assert rows["REQUEST"]["transitions"] == stage.entered == 7
    served = rows["ATTEMPT#01"]
    assert (served["outcome"], served["served"], served["retries"]) == ("OK", 1, 1)
    assert not {"cause", "draft_s3"} & served.keys()
    assert {it for it in rows if it.startswith("ATTEMPT")} == {"ATTEMPT#01"}


def test_a_kept_answer_is_still_marked_as_altered(stage: Stage) -> None:
    stage.model.says = [Answer("Par\ud800is.", False, USAGE, None)]

    outcome = stage.record(answer=to_record(stage))

    rows = stage.rows()
    assert outcome["output"] == "Par\ufffdis."
    assert rows["REQUEST"]["output_altered"] is True
    assert "altered" not in rows["ATTEMPT#01"]


def test_a_large_answer_that_was_kept_is_recorded_by_its_address(stage: Stage) -> None:
    stage.model.says = [Answer(LARGE, True, USAGE, None)]

    outcome = stage.record(answer=to_record(stage))

    assert (outcome["status"], list(stage.bucket.kept)) == ("TRUNCATED", [outcome["output_s3"]])
    assert stage.rows()["REQUEST"]["output_s3"] == outcome["output_s3"]


def test_with_s3_down_as_well_the_run_fails_and_its_call_is_on_the_bill(stage: Stage) -> None:
    stage.plan = a_plan(spare())
    stage.before_the_next_write(service_error("InternalServerError"))
    stage.bucket.down = True
    with pytest.raises(AnswerNotRecorded) as raised:
        stage.invoke()

    step = stage.next(failed(raised.value))

    rows = stage.rows()
    assert (step["step"], step["error"]["name"]) == ("FAIL", "AnswerNotRecorded")
    assert (rows["REQUEST"]["status"], rows["REQUEST"]["cause"]) == ("FAILED", "AnswerNotRecorded")
    assert rows["REQUEST"]["transitions"] == stage.entered == 7
    assert (rows["ATTEMPT#01"]["outcome"], rows["ATTEMPT#01"]["served"]) == ("OK", 0)
    assert json.loads(rows["ATTEMPT#01"]["usage"]) == USAGE
    assert len(stage.model.asked) == 1  # no other model is paid for what was answered


def test_a_kept_answer_that_s3_does_not_give_now_is_read_again(stage: Stage) -> None:
    answer = to_record(stage)
    stage.bucket.down = True
    with pytest.raises(StoreUnavailable):
        stage.record(answer=answer)
    assert stage.rows()["REQUEST"]["status"] == "ACCEPTED"

    stage.bucket.down = False
    assert stage.record(answer=answer)["output"] == "Paris."


def test_a_kept_answer_that_is_gone_is_recorded_by_where_it_was(stage: Stage) -> None:
    answer = to_record(stage)
    stage.bucket.kept.clear()

    assert stage.record(answer=answer)["output_s3"] == answer["output_s3"]


def test_a_write_that_was_done_and_not_answered_is_found_when_it_is_repeated(
    stage: Stage,
) -> None:
    stage.after_the_next_write(timed_out())
    with pytest.raises(AnswerNotRecorded) as raised:
        stage.invoke()
    before = stage.rows()
    assert before["REQUEST"]["status"] == "SUCCEEDED"

    outcome = stage.record(answer=stage.next(failed(raised.value))["answer"])

    assert (outcome["status"], outcome["output"]) == ("SUCCEEDED", "Paris.")
    assert stage.rows() == before
    assert len(stage.model.asked) == 1


def test_a_repeated_record_answer_has_the_same_outcome_and_no_second_row(stage: Stage) -> None:
    answer = to_record(stage)
    stage.after_the_next_write(timed_out())
    with pytest.raises(StoreUnavailable):
        stage.record(answer=answer)
    rows = stage.rows()

    once, twice = stage.record(answer=answer), stage.record(answer=answer)

    assert once == twice
    assert stage.rows() == rows


@pytest.mark.parametrize(
    "changes",
    [{"status": "FAILED"}, {"execution_arn": "arn:another-run"}],
    ids=["closed", "another-run"],
)
def test_a_request_that_ended_otherwise_stays_as_it_is(
    stage: Stage, changes: dict[str, Any]
) -> None:
    stage.accept(**changes)
    before = stage.rows()

    with pytest.raises(RequestClosed):
        stage.invoke()
    with pytest.raises(RequestClosed):
        stage.record(http=http(CHAT))
    with pytest.raises(RequestClosed):
        stage.next(failed(errors.ModelError(json.dumps(attempt("UNKNOWN", "E").to_json()))))
    with pytest.raises(RequestClosed):
        stage.next(failed(RequestClosed("closed")))
    assert stage.rows() == before


def test_a_request_that_was_closed_while_its_model_answered_is_not_asked_again(
    stage: Stage,
) -> None:
    stage.plan = a_plan(spare())
    stage.before_the_next_write(lambda: stage.accept(status="FAILED"))

    with pytest.raises(RequestClosed):
        stage.invoke()


def test_texts_that_were_erased_meanwhile_stay_erased_and_the_money_is_written(
    stage: Stage,
) -> None:
    def erase() -> None:
        key = {"request_id": {"S": KEY}, "item": {"S": "CONTENT"}}
        stage.client.delete_item(TableName="usage", Key=key)
        stage.change(forgotten_at=iso(now()))

    stage.plan = a_plan(cache={"key": "CACHE#1", "ttl_seconds": 600})
    stage.before_the_next_write(erase)

    assert stage.invoke()["status"] == "SUCCEEDED"

    rows = stage.rows()
    assert set(rows) == {"REQUEST", "ATTEMPT#01"}
    assert "cache_key" not in rows["REQUEST"]
    assert stage.rows("CACHE#1") == {}


def test_an_answer_that_is_to_be_kept_for_others_is_written_with_it(stage: Stage) -> None:
    stage.plan = a_plan(cache={"key": "CACHE#1", "ttl_seconds": 600})

    stage.invoke()

    assert stage.rows("CACHE#1")["CONTENT"]["output"] == "Paris."
