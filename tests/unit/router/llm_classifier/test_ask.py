"""The call that asks an LLM: one row, one call, and never a lost cent or a failed request."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from cost_calculator.rows import shard_of
from cost_calculator.settlement import settle
from router import errors
from router.acceptance.accept import accept
from router.acceptance.ports import Execution
from router.aws.accept_store import AcceptStore
from router.config.settings import Config
from router.errors import StoreUnavailable
from router.invocation.call import Answer, ModelCall
from router.recovery.close import EndedRun, close_request
from tests.fakes.dynamodb import DynamoDB, service_error
from tests.support.cost_rows import RATES
from tests.support.dependencies import accept_store, dependencies
from tests.support.factories import HAIKU, SONNET, analyzer, classification, config
from tests.unit.router.recovery.test_close import silent

RUN = Execution("arn:run-1", "run-1")
USAGE = {"inputTokens": 310, "outputTokens": 9, "totalTokens": 319}
LATER = "2026-11-21T10:05:00.000Z"


class Llm:
    """Answers every call alike and remembers the calls."""

    def __init__(self, reply: str | BaseException, meanwhile: Callable[[], None] = lambda: None):
        self.reply = reply
        self.meanwhile = meanwhile
        self.calls: list[ModelCall] = []

    def complete(self, call: ModelCall) -> Answer:
        self.calls.append(call)
        self.meanwhile()
        if isinstance(self.reply, BaseException):
            raise self.reply
        return Answer(self.reply, truncated=False, usage=USAGE, response_model=None)


class Died(BaseException):
    """The Lambda ends here: nothing after it runs."""


@pytest.fixture
def store(dynamodb: Any) -> AcceptStore:
    return accept_store(dynamodb)


def verdict(tier: str) -> str:
    return json.dumps({"class": tier})


def route(
    store: AcceptStore,
    llm: Llm | None,
    execution: Execution = RUN,
    settings: Config | None = None,
) -> dict[str, Any]:
    def provider() -> Llm:
        assert llm is not None, "nobody is to be asked here"
        return llm

    deps = dependencies(
        store,
        classify=lambda _messages: classification("COMPLEX", confidence=0.5),
        llm=provider,
    )
    payload = {"input": "Which of the two offers is better?", "request_id": "r-1"}
    return accept(payload, execution, settings or config(analyzer=analyzer()), deps)


def rows(store: AcceptStore) -> tuple[dict[str, Any], dict[str, Any]]:
    found = store.rows_of("r-1")
    return found["REQUEST"], found["ATTEMPT#00"]


def test_the_opinion_routes_and_both_rows_say_so(store: AcceptStore) -> None:
    plan = route(store, Llm(verdict("CALCULATION")))

    request, asked = rows(store)
    assert plan["route"] == request["route"] == asked["tier"] == "CALCULATION"
    assert plan["plan"]["complexity"] == request["complexity"] == "COMPLEX"
    assert request["reasons"] == plan["plan"]["reasons"]
    assert request["reasons"][0] == "the LLM said CALCULATION: moved from COMPLEX to CALCULATION"
    assert (request["planned_model"], request["status"]) == ("gpt-6-luna", "ACCEPTED")
    assert plan["call"]["model"] == "gpt-6-luna"
    assert (asked["purpose"], asked["verdict"], asked["served"]) == ("classify", "CALCULATION", 0)
    assert (asked["outcome"], asked["cost_status"]) == ("OK", "PENDING")
    assert asked["queue"] == f"PENDING#{shard_of('r-1')}"
    assert json.loads(asked["usage"]) == USAGE
    assert "lambda_ms" not in asked


def test_the_opinions_cost_is_priced_like_any_attempt_and_saves_nothing(store: AcceptStore) -> None:
    route(store, Llm(verdict("COMPLEX")))

    priced = settle(rows(store)[1], RATES, LATER)

    assert priced["cost_status"] == "PRICED"
    assert f"{priced['cost_usd']:f}" == "0.00003905"  # 310 x 0.11 + 9 x 0.55, over a million
    assert priced["baseline_usd"] == 0
    # ten write units, of its row and of REQUEST once more, and a line of the log
    assert f"{priced['overhead_usd']:f}" == "0.00000715"


def test_the_row_stands_unpriced_before_the_call_is_made(store: AcceptStore) -> None:
    before: list[dict[str, Any]] = []

    route(store, Llm(verdict("COMPLEX"), meanwhile=lambda: before.append(rows(store)[1])))

    [asked] = before
    assert (asked["provider"], asked["model"]) == ("bedrock", HAIKU)
    assert "outcome" not in asked
    assert "cost_status" not in asked
    assert "queue" not in asked


def test_no_row_holds_text_of_prompt_or_reply(store: AcceptStore) -> None:
    route(store, Llm("the two offers are equal"))

    assert "offers" not in str(rows(store))


@pytest.mark.parametrize(
    ("reply", "outcome", "cause", "status"),
    [
        ("SIMPLE, of course", "BAD_RESPONSE", "BadResponse", "PRICED"),
        (errors.BadResponse("no text", usage=USAGE), "BAD_RESPONSE", "BadResponse", "PRICED"),
        (errors.Throttled("slow down"), "THROTTLED", "Throttled", "PRICED"),
        (errors.AccessDenied("no"), "REJECTED", "AccessDenied", "PRICED"),
        (errors.ModelTimeout("late"), "UNKNOWN", "ModelTimeout", "UNKNOWN"),
        (ImportError("no boto3"), "UNKNOWN", "ImportError", "UNKNOWN"),
    ],
)
def test_whatever_comes_instead_of_a_verdict_the_heuristic_stands(
    store: AcceptStore, reply: str | Exception, outcome: str, cause: str, status: str
) -> None:
    plan = route(store, Llm(reply))

    request, asked = rows(store)
    assert plan["route"] == request["route"] == "COMPLEX"
    assert request["reasons"][0] == f"the LLM gave no opinion ({cause}): the heuristic decides"
    assert (asked["outcome"], asked["cause"]) == (outcome, cause)
    assert "verdict" not in asked
    priced = settle(asked, RATES, LATER)
    assert priced["cost_status"] == status
    if status == "UNKNOWN":
        assert priced["upper_estimate_usd"] > 0


def test_a_repeated_analysis_decides_the_same_and_asks_nobody(store: AcceptStore) -> None:
    first = route(store, Llm(verdict("CALCULATION")))
    before = rows(store)

    assert route(store, None) == first
    assert rows(store) == before


def test_after_a_death_in_the_call_the_retry_asks_nobody_and_the_bill_is_said_to_be_unknown(
    store: AcceptStore,
) -> None:
    dying = Llm(Died())
    with pytest.raises(Died):
        route(store, dying)

    plan = route(store, None)

    request, asked = rows(store)
    assert len(dying.calls) == 1
    assert plan["route"] == "COMPLEX"
    assert request["reasons"][0] == "the LLM gave no opinion (NoReport): the heuristic decides"
    assert (asked["outcome"], asked["cost_status"]) == ("UNKNOWN", "PENDING")
    assert settle(asked, RATES, LATER)["cost_status"] == "UNKNOWN"


def test_a_verdict_that_cannot_be_written_is_retried_without_a_second_call(
    dynamodb: DynamoDB, store: AcceptStore
) -> None:
    throttled = service_error("ThrottlingException")
    llm = Llm(verdict("CALCULATION"), meanwhile=lambda: dynamodb.fail(throttled))
    with pytest.raises(StoreUnavailable):
        route(store, llm)

    assert route(store, None)["route"] == "COMPLEX"
    assert rows(store)[1]["outcome"] == "UNKNOWN"


def test_of_two_tries_at_once_the_first_to_write_holds_for_both(store: AcceptStore) -> None:
    other: list[dict[str, Any]] = []
    slow = Llm(verdict("CALCULATION"), meanwhile=lambda: other.append(route(store, None)))

    plan = route(store, slow)

    request, asked = rows(store)
    assert plan == other[0]
    assert plan["route"] == request["route"] == "COMPLEX"
    assert asked["outcome"] == "UNKNOWN"


def test_another_run_with_the_same_id_asks_nobody(store: AcceptStore) -> None:
    route(store, Llm(verdict("CALCULATION")))

    again = route(store, None, Execution("arn:run-2", "run-2"))

    assert again["route"] == "REPEATED"


def test_a_run_that_dies_while_asking_is_closed_with_the_call_on_record(store: AcceptStore) -> None:
    with pytest.raises(Died):
        route(store, Llm(Died()))

    assert close_request(store, "r-1", EndedRun(RUN.arn, "Aborted", LATER, []), silent)

    request, asked = rows(store)
    assert (request["status"], request["attempts"]) == ("FAILED", 0)
    assert (asked["outcome"], asked["cause"], asked["ended_at"]) == ("UNKNOWN", "Aborted", LATER)
    assert asked["cost_status"] == "PENDING"
    assert asked["purpose"] == "classify"


def test_a_run_that_dies_after_asking_keeps_what_the_call_came_to(store: AcceptStore) -> None:
    route(store, Llm(verdict("CALCULATION")))
    before = rows(store)[1]

    assert close_request(store, "r-1", EndedRun(RUN.arn, "Aborted", LATER, None), silent)

    assert rows(store)[1] == before
    assert store.rows_of("r-1")["ATTEMPT#01"]["outcome"] == "UNKNOWN"


def test_an_answer_that_arrives_while_the_run_is_closed_is_not_overwritten(
    store: AcceptStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing reads the open row, the answer is written, and only then closing writes."""
    stale: dict[str, Any] = {}
    llm = Llm(verdict("CALCULATION"), meanwhile=lambda: stale.update(store.rows_of("r-1")))
    route(store, llm)
    with monkeypatch.context() as reading:
        reading.setattr(store, "rows_of", lambda _id: stale)
        with pytest.raises(StoreUnavailable):
            close_request(store, "r-1", EndedRun(RUN.arn, "Aborted", LATER, []), silent)

    assert rows(store)[1]["verdict"] == "CALCULATION"
    assert close_request(store, "r-1", EndedRun(RUN.arn, "Aborted", LATER, []), silent)


def test_the_plan_of_a_moved_request_prices_against_the_same_baseline(store: AcceptStore) -> None:
    plan = route(store, Llm(verdict("CALCULATION")))

    assert plan["plan"]["record"]["baseline"] == {
        "provider": "bedrock",
        "model": SONNET,
        "mode": "standard",
    }
    assert rows(store)[1]["baseline_model"] == SONNET
