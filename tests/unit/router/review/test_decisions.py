from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_calculator.rows import Row
from router.encoding import STATE_BYTES
from router.errors import InvalidRequest
from router.review.bands import Review, asked_review
from router.review.decisions import NotPossible, approval, edition, rejection, shown, waits
from router.routing.decision import decide
from router.routing.plan_json import plan_to_json
from tests.support.factories import HAIKU, SONNET, classification, config, request

SETTINGS = {"answer_above": 0.8, "fail_below": 0.3, "timeout_seconds": 3600, "default": "reject"}
CONFIDENCE = {"type": "number", "minimum": 0, "maximum": 1}
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "sure": CONFIDENCE},
    "required": ["city", "sure"],
}


def plan(payload: dict[str, Any], **changes: Any) -> dict[str, Any]:
    asked, judged, settings = request(payload), classification(), config(**changes)
    return plan_to_json(asked, judged, decide(asked, judged, settings).plan(), settings, 0, {})


def waiting(**changes: Any) -> Row:
    row = {"item": "REVIEW", "request_id": "r-1", "cause": "ReviewRequired", "task_token": "t"}
    return row | changes


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_every_confidence_has_one_place_and_a_higher_one_is_never_worse_off(
    one: float, two: float, three: float
) -> None:
    fail, confidence, answer = sorted((one, two, three))
    ranks = {"fail": 0, "review": 1, "answer": 2}
    bands = Review("sure", answer_above=answer, fail_below=fail)

    found = [ranks[bands.verdict(value)] for value in sorted((0.0, fail, confidence, answer, 1.0))]

    assert found == sorted(found)
    assert bands.verdict(1.0) == "answer"


def test_the_plan_says_what_the_answer_is_measured_by_and_how_long_a_human_is_waited_for() -> None:
    asked = {"input": "hi", "response_schema": SCHEMA, "review": {"confidence_field": "sure"}}

    made = plan(asked, review=SETTINGS)

    assert made["call"]["options"] == {"response_schema": SCHEMA}
    assert made["call"]["review"] == {
        "confidence_field": "sure", "answer_above": 0.8, "fail_below": 0.3
    }  # fmt: skip
    assert made["plan"]["record"]["review"] == {"timeout_seconds": 3600, "default": "reject"}


def test_a_plain_request_is_not_reviewed_where_review_is_on() -> None:
    for payload in ({"input": "hi"}, {"input": "hi", "review": False}):
        made = plan(payload, review=SETTINGS)

        assert (made["call"]["review"], made["plan"]["record"]["review"]) == (None, None)


def test_where_no_human_is_there_a_request_for_one_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="set the module's `review`"):
        plan({"input": "hi", "review": True})


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        (None, "give a `response_schema` too"),
        ({**SCHEMA, "required": ["city"]}, "must require `sure`"),
        ({**SCHEMA, "properties": {"sure": {"type": "string"}}}, '"minimum": 0, "maximum": 1'),
        ({**SCHEMA, "properties": {"sure": {"type": "number"}}}, '"minimum": 0, "maximum": 1'),
        ({**SCHEMA, "properties": {}}, "must require `sure`"),
    ],
)
def test_a_confidence_must_be_a_bounded_field_that_every_answer_has(
    schema: dict[str, Any] | None, says: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        asked_review({"confidence_field": "sure"}, schema)

    assert says in str(refused.value)


def test_bands_of_a_request_go_before_those_of_the_deployment() -> None:
    bands = {"answer_above": 0.9, "fail_below": 0.5}
    review = {"confidence_field": "sure", **bands}

    made = plan({"input": "hi", "response_schema": SCHEMA, "review": review}, review=SETTINGS)

    assert made["call"]["review"] == {"confidence_field": "sure", **bands}


@pytest.mark.parametrize(
    "bands",
    [{"answer_above": 0.9}, {"fail_below": 0.1}, {"answer_above": 0.2, "fail_below": 0.3}],
)
def test_bands_that_leave_a_confidence_no_place_are_refused(bands: dict[str, float]) -> None:
    with pytest.raises(InvalidRequest, match="both `answer_above` and `fail_below`"):
        asked_review({"confidence_field": "sure", **bands}, SCHEMA)


def test_what_is_checked_goes_through_the_lambda_that_checks_it() -> None:
    for checked in ({"response_schema": SCHEMA}, {"review": True}):
        asked = {"input": "What is 17 * 24?", "tier": "CALCULATION", **checked}

        assert plan(asked, review=SETTINGS)["via"] == "lambda"


@pytest.mark.parametrize(
    ("tier", "rules", "stronger"),
    [
        ("SIMPLE", {}, "gpt-6-luna"),
        ("SIMPLE", {"deny_providers": ["openai"]}, SONNET),
        ("SIMPLE", {"ceiling": "SIMPLE"}, None),
        ("CALCULATION", {}, SONNET),
        ("COMPLEX", {}, None),
    ],
)
def test_after_invalid_answers_one_tier_up_is_asked_within_the_tenants_bounds(
    tier: str, rules: dict[str, Any], stronger: str | None
) -> None:
    asked = {"input": "hi", "tier": tier, "response_schema": SCHEMA}

    _, *found = plan(asked, tenants={"*": rules})["plan"]["targets"]

    assert [it["model"] for it in found if "invalid" in it["when"]] == [stronger] * bool(stronger)


def test_a_plain_request_has_no_model_for_invalid_answers() -> None:
    made = plan({"input": "hi"})

    assert all("invalid" not in it.get("when", ()) for it in made["plan"]["targets"])
    assert made["call"]["model"] == HAIKU


def test_a_human_may_approve_reject_or_write_anew() -> None:
    assert approval(waiting(), "Paris", "ann", "fine") == {
        "decision": "APPROVED", "output": "Paris", "by": "ann", "note": "fine"
    }  # fmt: skip
    assert rejection(waiting(), "ann", "wrong")["decision"] == "REJECTED"
    assert edition(waiting(), "Rome", "ann", "")["output"] == "Rome"


def test_a_draft_too_large_for_the_workflow_is_approved_by_where_it_is() -> None:
    assert "output" not in approval(waiting(), "x" * STATE_BYTES, "ann", "")
    with pytest.raises(NotPossible, match="shorten it"):
        edition(waiting(), "x" * STATE_BYTES, "ann", "")


def test_what_does_not_fit_its_schema_can_be_written_anew_and_not_approved() -> None:
    invalid = waiting(cause="InvalidAnswer")

    with pytest.raises(NotPossible, match="`edit` it"):
        approval(invalid, "{}", "ann", "")
    assert edition(invalid, "{}", "ann", "")["decision"] == "EDITED"


def test_a_decision_is_taken_once() -> None:
    decided = {"item": "REVIEW", "decision": "APPROVED", "reviewer": "ann"}

    assert not waits(decided)
    with pytest.raises(NotPossible, match="APPROVED by ann"):
        rejection(decided, "bob", "")


def test_a_list_never_shows_the_token_that_decides() -> None:
    assert shown(waiting()) == {"request_id": "r-1", "cause": "ReviewRequired"}
