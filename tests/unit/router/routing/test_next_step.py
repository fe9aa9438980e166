"""What follows a call that did not answer its caller: every rule, a line each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.catalog.models import FALLBACK_CAUSES
from router.invocation.attempt import OUTCOMES, Attempt
from router.routing.next_step import MOST_REPAIRS, AskHuman, Call, Finish, kind_of, next_step
from router.routing.run_plan import RunPlan, Target

DRAFT = "s3://answers/drafts/r-1/1.txt"
FIRST = Target("bedrock", "small", 2048)
REVIEW = {"timeout_seconds": 60, "default": "reject"}


def fallback(model: str, *when: str, larger_than: tuple[str, ...] = ()) -> Target:
    return Target("bedrock", model, 4096, when=when, larger_than=larger_than)


OTHERS = (
    fallback("spare", "throttled"),
    fallback("slow", "timeout", "error"),
    fallback("open", "refused"),
    fallback("large", "too_long", larger_than=("small",)),
    fallback("stronger", "invalid"),
)


def plan(*others: Target, review: Any = None) -> RunPlan:
    record = {"review": review}
    return RunPlan("r-1", "acme", "SIMPLE", "lambda", (FIRST, *(others or OTHERS)), record)


def attempt(outcome: str = "UNKNOWN", cause: str | None = None, model: str = "small") -> Attempt:
    draft = DRAFT if outcome == "INVALID_ANSWER" or cause == "ReviewRequired" else None
    made = Attempt("bedrock", model, outcome, "s", "e", 2048, cause=cause or outcome)
    return replace(made, draft_s3=draft)


INVALID = attempt("INVALID_ANSWER", "InvalidAnswer")


def shown(step: Call | AskHuman | Finish) -> str:
    return step.target.model if isinstance(step, Call) else type(step).__name__


# Each kind of failure asks the one model that is meant for it.
@pytest.mark.parametrize(
    ("outcome", "cause", "follows"),
    [
        ("THROTTLED", "Throttled", "spare"),
        ("THROTTLED", "Lambda.TooManyRequestsException", "spare"),
        ("OVERLOADED", "Overloaded", "spare"),
        ("UNREACHABLE", "Unreachable", "spare"),
        ("UNKNOWN", "ModelTimeout", "slow"),
        ("UNKNOWN", "States.Timeout", "slow"),
        ("UNKNOWN", "Sandbox.Timedout", "slow"),
        ("UNKNOWN", "States.Http.Socket", "slow"),
        ("UNKNOWN", "ModelError", "slow"),
        ("UNKNOWN", "Runtime.ExitError", "slow"),
        ("UNKNOWN", None, "slow"),
        ("BAD_RESPONSE", "BadResponse", "slow"),
        ("BAD_RESPONSE", "AnswerNotStored", "slow"),
        ("REFUSED", "Refused", "open"),
        ("FILTERED", "Filtered", "open"),
        ("REJECTED", "ContextTooLong", "large"),
        # What these say holds for every model.
        ("REJECTED", "QuotaExhausted", "spare"),
        ("REJECTED", "InvalidModelRequest", "Finish"),
        ("REJECTED", "AccessDenied", "Finish"),
        ("REJECTED", "ModelNotFound", "Finish"),
        ("REJECTED", "a cause that nobody knows", "Finish"),
        ("BLOCKED", "Blocked", "Finish"),
        ("OK", "BelowConfidence", "Finish"),
        ("OK", "AnswerNotRecorded", "Finish"),
        ("TRUNCATED", "AnswerNotRecorded", "Finish"),
        ("OK", "ReviewRejected", "Finish"),
        ("OK", "ReviewTimedOut", "Finish"),
        ("OK", "ReviewFailed", "Finish"),
        ("INVALID_ANSWER", "ReviewRejected", "Finish"),
        # A human is asked about a good answer, a truncated one too.
        ("OK", "ReviewRequired", "AskHuman"),
        ("TRUNCATED", "ReviewRequired", "AskHuman"),
    ],
)
def test_what_follows_the_first_failure(outcome: str, cause: str | None, follows: str) -> None:
    assert shown(next_step(plan(), [attempt(outcome, cause)])) == follows


@pytest.mark.parametrize(
    ("when", "outcome", "cause"),
    [
        ("throttled", "THROTTLED", "Throttled"),
        ("timeout", "UNKNOWN", "ModelTimeout"),
        ("throttled", "REJECTED", "QuotaExhausted"),
        ("too_long", "REJECTED", "ContextTooLong"),
        ("refused", "REFUSED", "Refused"),
        ("error", "UNKNOWN", "ModelError"),
        ("invalid", "INVALID_ANSWER", "InvalidAnswer"),
    ],
)
def test_a_model_that_is_meant_for_other_failures_is_not_asked(
    when: str, outcome: str, cause: str
) -> None:
    others = {"throttled", "timeout", "too_long", "refused", "error", "invalid"} - {when}
    other = fallback("other", *sorted(others), larger_than=("small",))
    failed = [attempt(outcome, cause)] * (1 + MOST_REPAIRS)

    assert shown(next_step(plan(other), failed)) == "Finish"
    assert kind_of(failed[-1]) == when


@pytest.mark.parametrize(
    ("tried", "follows"),
    [
        (("small",), "one"),
        (("small", "one"), "two"),
        (("small", "one", "two"), "Finish"),
        (("small", "two"), "one"),
        (("two",), "one"),
    ],
)
def test_models_are_asked_in_order_and_none_twice(tried: tuple[str, ...], follows: str) -> None:
    made = plan(fallback("one", "throttled"), fallback("two", "throttled"))

    assert shown(next_step(made, [attempt("THROTTLED", model=it) for it in tried])) == follows


def test_the_same_model_of_another_provider_is_another_model() -> None:
    twin = Target("anthropic", "small", 9, when=("throttled",))

    step = next_step(plan(twin), [attempt("THROTTLED")])

    assert step == Call(twin)


@pytest.mark.parametrize(
    ("last", "larger_than", "follows"),
    [
        ("small", ("small",), "large"),
        ("small", (), "Finish"),
        ("small", ("another",), "Finish"),
        ("middle", ("small",), "Finish"),
        ("middle", ("small", "middle"), "large"),
    ],
)
def test_a_prompt_that_was_too_long_goes_to_a_larger_window_alone(
    last: str, larger_than: tuple[str, ...], follows: str
) -> None:
    made = plan(fallback("large", "too_long", larger_than=larger_than))

    assert shown(next_step(made, [attempt("REJECTED", "ContextTooLong", last)])) == follows


def test_a_window_does_not_matter_for_any_other_failure() -> None:
    made = plan(fallback("large", "throttled", "too_long", larger_than=()))

    assert shown(next_step(made, [attempt("THROTTLED")])) == "large"


@pytest.mark.parametrize(
    ("misfits", "follows"), [(1, "small"), (2, "small"), (3, "stronger"), (4, "stronger")]
)
def test_an_answer_that_does_not_fit_is_repaired_twice_at_most(misfits: int, follows: str) -> None:
    step = next_step(plan(), [INVALID] * misfits)

    assert shown(step) == follows
    assert isinstance(step, Call)
    # Another model starts from the question, not from a draft that is not its own.
    assert step.target.draft_s3 == (DRAFT if follows == "small" else None)


def test_repairs_are_counted_over_the_whole_run() -> None:
    strong = replace(INVALID, model="stronger")

    assert shown(next_step(plan(), [INVALID, strong])) == "stronger"  # its own, once more
    assert shown(next_step(plan(), [INVALID, INVALID, INVALID, strong])) == "Finish"


def test_the_repair_is_asked_of_the_model_whose_draft_it_is_and_as_it_was_asked() -> None:
    flex = Target("bedrock", "spare", 99, service_tier="flex", when=("throttled",))
    draft = replace(INVALID, model="spare")

    step = next_step(plan(flex), [attempt("THROTTLED"), draft])

    assert step == Call(replace(flex, draft_s3=DRAFT))


def test_a_draft_that_was_not_kept_is_asked_for_from_the_start() -> None:
    step = next_step(plan(), [replace(INVALID, draft_s3=None)])

    assert step == Call(FIRST)


def test_a_repair_that_fails_on_the_wire_falls_back_like_any_call() -> None:
    assert shown(next_step(plan(), [INVALID, attempt("THROTTLED")])) == "spare"


@pytest.mark.parametrize(
    ("review", "draft", "follows"),
    [(REVIEW, DRAFT, "AskHuman"), (REVIEW, None, "Finish"), (None, DRAFT, "Finish")],
)
def test_where_no_model_fits_the_schema_a_human_may_write_it_if_the_plan_asks_for_one(
    review: Any, draft: str | None, follows: str
) -> None:
    misfits = [replace(INVALID, draft_s3=draft)] * (1 + MOST_REPAIRS)

    assert shown(next_step(plan(fallback("one", "throttled"), review=review), misfits)) == follows


def test_a_human_is_not_asked_about_what_is_no_answer() -> None:
    made = plan(fallback("one", "invalid"), review=REVIEW)

    assert shown(next_step(made, [attempt("UNKNOWN", "ModelError")])) == "Finish"


def test_every_kind_is_one_that_a_fallback_may_name() -> None:
    kinds = {kind_of(attempt(outcome)) for outcome in OUTCOMES}
    kinds |= {kind_of(attempt(cause=cause)) for cause in ("ContextTooLong", "ModelTimeout")}

    # A model that is asked after `invalid` answers is the plan's own, of the next tier.
    assert kinds == {*FALLBACK_CAUSES, "invalid"}


CAUSES = ["Throttled", "ModelTimeout", "ContextTooLong", "ModelError", "InvalidAnswer", "Refused"]


@given(st.lists(st.tuples(st.sampled_from(sorted(OUTCOMES)), st.sampled_from(CAUSES)), min_size=20))
def test_whatever_the_models_do_a_run_ends(failures: list[tuple[str, str]]) -> None:
    made, attempts = plan(), list[Attempt]()
    target = FIRST
    for outcome, cause in failures:
        attempts.append(attempt(outcome, cause, target.model))
        step = next_step(made, attempts)
        if not isinstance(step, Call):
            break
        target = step.target

    assert len(attempts) <= len(made.targets) + MOST_REPAIRS
