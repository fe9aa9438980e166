"""A protocol's request: carried by the function itself, joined where it runs, never paid twice."""

from __future__ import annotations

from typing import Any

import pytest

from router.errors import (
    BudgetExceeded,
    ModelError,
    PolicyDenied,
    RateLimited,
    StoreUnavailable,
    Throttled,
)
from router.routing.run_plan import Target
from tests.fakes.api import Aws, Client
from tests.support.factories import SONNET
from tests.support.runs import run_plan

CHAT = {"model": "auto", "messages": [{"role": "user", "content": "Name a city."}]}
PATH = "/chat/completions"
SPARE = Target("bedrock", SONNET, 4096, when=("throttled", "error"))


@pytest.fixture
def aws() -> Aws:
    return Aws()


@pytest.fixture
def client(aws: Aws) -> Client:
    return Client(aws)


def the_rows(aws: Aws) -> dict[str, dict[str, Any]]:
    [rows] = aws.rows.values()
    return rows


def runs_elsewhere(aws: Aws, client: Client, **sent: Any) -> dict[str, dict[str, Any]]:
    """Let a request be accepted and not be answered yet; return its rows."""
    client.call("POST", PATH, CHAT, **sent)
    rows = the_rows(aws)
    rows["REQUEST"]["status"] = "ACCEPTED"
    return rows


def test_no_execution_is_started(aws: Aws, client: Client) -> None:
    status, answer, _ = client.call("POST", PATH, CHAT)

    assert (status, answer["choices"][0]["message"]["content"]) == (200, "Paris.")
    assert aws.started == []
    assert the_rows(aws)["REQUEST"]["transitions"] == 0
    assert aws.now == 0


def test_another_model_answers_and_the_header_names_it(aws: Aws, client: Client) -> None:
    aws.plan = run_plan(SPARE)
    aws.says = [ModelError("500")]

    status, _, headers = client.call("POST", PATH, CHAT)

    assert (status, headers["x-faregate-model"]) == (200, SONNET)


def test_a_request_that_nobody_answered_is_closed_and_says_so(aws: Aws, client: Client) -> None:
    aws.says = [ModelError("500")]

    status, answer, headers = client.call("POST", PATH, CHAT)

    assert (status, answer["error"]["type"]) == (400, "ModelError")
    assert "x-should-retry" not in headers
    assert len(aws.notices) == 1


def test_what_was_free_may_be_sent_again(aws: Aws, client: Client) -> None:
    aws.says = [Throttled("429")] * 4

    status, answer, headers = client.call("POST", PATH, CHAT)

    assert (status, answer["error"]["type"], headers["retry-after"]) == (503, "Throttled", "5")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PolicyDenied("no"), 403),
        (BudgetExceeded("no room", "acme", 101.0), 402),
        (RateLimited("acme", 7), 429),
    ],
)
def test_what_is_refused_before_it_is_accepted_calls_no_model(
    aws: Aws, client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(aws, "accept", refuse)

    assert client.call("POST", PATH, CHAT)[0] == status
    assert (aws.asked, aws.now) == ([], 0)


def test_accepting_is_tried_again_while_the_table_does_not_answer(
    aws: Aws, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept, left = aws.accept, [1, 2, 3, 4]

    def unsure(*given: Any) -> Any:
        if left:
            left.pop()
            raise StoreUnavailable("ThrottlingException")
        return accept(*given)

    monkeypatch.setattr(aws, "accept", unsure)

    assert client.call("POST", PATH, CHAT)[0] == 200
    assert aws.now == 15

    left.extend(range(9))
    assert client.call("POST", PATH, {**CHAT, "user": "b"})[0] == 503


def test_a_body_that_runs_already_joins_that_run(aws: Aws, client: Client) -> None:
    rows = runs_elsewhere(aws, client)
    aws.at.append((40, lambda: rows["REQUEST"].update(status="SUCCEEDED")))

    status, answer, _ = client.call("POST", PATH, CHAT)

    assert (status, answer["choices"][0]["message"]["content"]) == (200, "Paris.")
    assert (len(aws.accepted), len(aws.asked)) == (1, 1)
    assert 40 <= aws.now < 41


def test_a_body_that_is_accepted_at_the_same_moment_joins_that_run(
    aws: Aws, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = runs_elsewhere(aws, client)
    looks = [None, None]
    request_of = aws.request_of
    monkeypatch.setattr(aws, "request_of", lambda key: looks.pop() if looks else request_of(key))
    aws.at.append((1, lambda: rows["REQUEST"].update(status="SUCCEEDED")))

    assert client.call("POST", PATH, CHAT)[0] == 200
    assert (len(aws.accepted), len(aws.asked)) == (1, 1)


def test_a_body_whose_answer_was_delivered_is_a_new_request(aws: Aws, client: Client) -> None:
    client.call("POST", PATH, CHAT)
    client.call("POST", PATH, CHAT)

    assert len(aws.asked) == 2
    assert aws.notes == 0


def test_the_same_idempotency_key_gets_the_same_answer(aws: Aws, client: Client) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = client.call("POST", PATH, CHAT, headers=key)[1]
    again = client.call("POST", PATH, CHAT, headers=key)[1]
    status, other, _ = client.call("POST", PATH, {**CHAT, "user": "b"}, headers=key)

    assert first == again
    assert len(aws.asked) == 1
    assert (status, other["error"]["type"]) == (409, "Conflict")


def test_the_session_is_the_header_s_before_it_is_the_body_s(aws: Aws, client: Client) -> None:
    of_body = {**CHAT, "metadata": {"session_id": "m-1"}}

    client.call("POST", PATH, CHAT)
    client.call("POST", PATH, of_body)
    client.call("POST", PATH, of_body, headers={"X-Faregate-Session": "h 1"})

    found = [payload.get("session_id") for payload in aws.accepted]
    assert found[:2] == [None, "m-1"]
    assert found[2].startswith("s-")  # no id may hold a space


def test_an_answer_whose_rows_cannot_be_read_is_owed(
    aws: Aws, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows_of = aws.rows_of

    def unavailable(_key: str) -> Any:
        raise StoreUnavailable("ThrottlingException")

    monkeypatch.setattr(aws, "rows_of", unavailable)
    assert client.call("POST", PATH, CHAT)[0] == 503
    monkeypatch.setattr(aws, "rows_of", rows_of)

    assert client.call("POST", PATH, CHAT)[0] == 200
    assert len(aws.asked) == 1


def test_a_run_that_was_closed_by_another_answers_with_that_end(
    aws: Aws, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(_closing: Any) -> bool:
        the_rows(aws)["REQUEST"] |= {"status": "FAILED", "cause": "Abandoned"}
        return False

    monkeypatch.setattr(aws, "record", closed)

    status, answer, _ = client.call("POST", PATH, CHAT)

    assert (status, answer["error"]["type"]) == (400, "Abandoned")


def test_without_stored_text_the_answer_reaches_its_caller_and_nobody_else(aws: Aws) -> None:
    aws.plan = run_plan(store_text=False)
    client = Client(aws, changes={"store_text": False})
    key = {"Idempotency-Key": "k-1"}

    first = client.call("POST", PATH, CHAT, headers=key)[1]
    del the_rows(aws)["CONTENT"]

    assert first["choices"][0]["message"]["content"] == "Paris."
    assert client.call("POST", PATH, CHAT, headers=key)[0] == 404
    assert aws.described == 0


def test_an_unexpected_error_is_logged_by_its_place_and_tells_nothing(
    aws: Aws, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a prompt")

    monkeypatch.setattr(aws, "accept", broken)

    status, answer, _ = client.call("POST", PATH, CHAT)

    assert (status, answer["error"]["type"]) == (502, "InternalError")
    [refusal] = aws.refusals
    assert str(refusal.reason).startswith("ZeroDivisionError at test_converse.py:")
    assert "a prompt" not in f"{answer}{refusal.reason}"
