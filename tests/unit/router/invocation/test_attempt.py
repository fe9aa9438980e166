"""An attempt on its way through the workflow and back out of a history, whatever shape it has."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_calculator.rows import NOT_BILLED
from router import errors
from router.errors import CallError
from router.invocation.attempt import OUTCOMES, Attempt, attempt_in_error, read_attempt
from tests.support.strategies import JSON, shaped

BASE = Attempt("bedrock", "m", "UNKNOWN", "2026-11-21T10:00:00.000Z", "2026-11-21T10:00:01.000Z", 9)
COUNTS = st.integers(0, 2**53 - 1)
WORDS = st.text(min_size=1, max_size=20)
ATTEMPTS = st.builds(
    Attempt,
    provider=WORDS,
    model=WORDS,
    outcome=st.sampled_from(sorted(OUTCOMES)),
    started_at=WORDS,
    ended_at=WORDS,
    max_tokens=COUNTS,
    mode=WORDS,
    served=st.booleans(),
    retries=COUNTS,
    cause=st.none() | WORDS,
    detail=st.none() | WORDS,
    usage=st.none() | st.dictionaries(st.text(), st.integers()),
    response_model=st.none() | WORDS,
    latency_ms=st.none() | COUNTS,
    lambda_ms=st.none() | COUNTS,
    lambda_mb=st.none() | COUNTS,
    draft_s3=st.none() | WORDS,
    input_bytes=st.none() | COUNTS,
)
FULL = replace(
    BASE, served=True, retries=1, cause="c", detail="d", usage={"a": 1}, response_model="r",
    latency_ms=1, lambda_ms=2, lambda_mb=3, draft_s3="s3://b/k", input_bytes=4,
)  # fmt: skip


def in_error(message: Any) -> str:
    """What Step Functions reports of a Lambda's error."""
    return json.dumps({"errorType": "Throttled", "errorMessage": message, "trace": []})


@given(ATTEMPTS)
def test_an_attempt_comes_back_from_json_as_it_was(attempt: Attempt) -> None:
    through = json.loads(json.dumps(attempt.to_json()))

    assert read_attempt(through, BASE) == attempt
    assert attempt_in_error(in_error(json.dumps(attempt.to_json())), BASE) == attempt


def test_what_is_not_known_is_absent_and_never_null_or_zero() -> None:
    assert set(BASE.to_json()) == {
        "provider", "model", "mode", "outcome", "started_at", "ended_at", "max_tokens", "retries",
        "served",
    }  # fmt: skip
    assert None not in FULL.to_json().values()
    assert replace(BASE, usage={}).to_json()["usage"] == {}


@given(shaped(FULL.to_json()))
def test_whatever_the_json_holds_it_is_read_as_an_attempt(data: Any) -> None:
    found = read_attempt(data, BASE)

    assert found.outcome in OUTCOMES
    for name in ("provider", "model", "mode", "outcome", "started_at", "ended_at"):
        assert isinstance(getattr(found, name), str)
    for name in ("max_tokens", "retries"):
        assert type(getattr(found, name)) is int
        assert getattr(found, name) >= 0
    assert found.usage is None or isinstance(found.usage, dict)
    assert isinstance(found.served, bool)


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": "WON"}, {"outcome": ["OK"]}, {"outcome": {}}, {"outcome": ""},
        {"retries": -1}, {"retries": True}, {"retries": 1.5}, {"retries": "1"},
        {"retries": 2**53}, {"max_tokens": float("inf")}, {"provider": 7}, {"provider": ""},
        {"model": None}, {"usage": [1]}, {"usage": "x"}, {"served": 1}, {"served": "yes"},
        {"cause": ["x"]}, {"latency_ms": -5},
    ],
    ids=str,
)  # fmt: skip
def test_a_field_that_has_no_sense_is_as_it_is_known_otherwise(wrong: dict[str, Any]) -> None:
    assert read_attempt(wrong, BASE) == BASE


@given(st.none() | st.text() | JSON | shaped({"errorMessage": "x"}).map(json.dumps))
def test_whatever_a_cause_holds_it_is_an_attempt_or_nothing(cause: Any) -> None:
    for given_cause in (cause, in_error(cause), in_error(json.dumps(cause))):
        found = attempt_in_error(given_cause, BASE)
        assert found is None or found.outcome in OUTCOMES


@pytest.mark.parametrize(
    "cause",
    [
        None, "", "{", "[]", "null", "Task timed out after 60.00 seconds", '"text"', 7,
        in_error("KeyError: 'a'"), in_error(""), in_error(None), in_error({"outcome": "OK"}),
        in_error('{"outcome": ["OK"]}'), in_error('{"outcome": {}}'), in_error('{"outcome": 1}'),
        in_error('{"outcome": "WON"}'), in_error('{"model": "m"}'), in_error("[" * 100_000),
    ],
    ids=lambda cause: str(cause)[:40],
)  # fmt: skip
def test_a_cause_that_is_not_from_our_own_code_holds_no_attempt(cause: Any) -> None:
    assert attempt_in_error(cause, BASE) is None


def leaves(kind: type[CallError]) -> list[type[CallError]]:
    below = [leaf for child in kind.__subclasses__() for leaf in leaves(child)]
    return below or [kind]


@pytest.mark.parametrize("kind", leaves(CallError))
def test_every_error_of_a_call_has_an_outcome_that_is_known(kind: type[CallError]) -> None:
    assert kind.outcome in OUTCOMES
    assert (kind.outcome in NOT_BILLED) is issubclass(kind, errors.NotBilled | errors.Rejected)


def test_an_attempt_from_outside_has_no_detail() -> None:
    assert FULL.seen_from_outside() == replace(FULL, detail=None)
