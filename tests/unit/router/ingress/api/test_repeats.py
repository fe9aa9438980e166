"""A body without an id that comes again: one run while it is open or owed, a new one after that."""

from __future__ import annotations

import json
from statistics import median
from typing import Any

import pytest

from cost_calculator.row_keys import key_of
from router.errors import StoreUnavailable
from router.executions.run import Run
from router.intake.identity import payload_hash
from tests.fakes.api import Aws, Client, answered, failed

PROMPT = {"input": "Name a city."}
WINDOW = 600


@pytest.fixture
def aws() -> Aws:
    return Aws()


@pytest.fixture
def client(aws: Aws) -> Client:
    return Client(aws)


def last(aws: Aws, tenant: str = "acme") -> tuple[str, dict[str, Any]]:
    """Return the key of what was started last, and its payload."""
    given = json.loads(aws.runs[aws.started[-1]].input)
    return key_of(tenant, given["request_id"]), given


def accept(aws: Aws) -> None:
    """Write the row of what was started last, as its analysis does."""
    key, given = last(aws)
    status = {"status": "ACCEPTED", "ended_at": None, "cost_status": None}
    rows = answered(given["request_id"], payload_hash=payload_hash(given), **status)
    aws.rows[key] = {"REQUEST": rows["REQUEST"]}


def end(aws: Aws, rows: Any = answered, *details: str) -> None:
    """End what was started last."""
    key, given = last(aws)
    before = aws.rows.get(key, {}).get("REQUEST", {})
    aws.rows[key] = rows(given["request_id"], *details)
    aws.rows[key]["REQUEST"]["payload_hash"] = payload_hash(given)
    if "undelivered" in before:
        aws.rows[key]["REQUEST"]["undelivered"] = True
    aws.runs[aws.started[-1]] = Run("SUCCEEDED", aws.runs[aws.started[-1]].input)


def at(aws: Aws, seconds: float, *events: Any) -> None:
    for event in events:
        aws.at.append((aws.now + seconds, event))


@pytest.mark.parametrize("seconds", [27, 49.9, 70, 160])
def test_each_retry_of_a_slow_answer_waits_for_the_one_run_and_the_last_one_gets_it(
    aws: Aws, client: Client, seconds: float
) -> None:
    at(aws, 0.2, lambda: accept(aws))
    at(aws, seconds, lambda: end(aws))

    for _ in range(10):
        answer = client.call("POST", "/prompts", PROMPT)
        if answer[0] != 202:
            break
        aws.sleep(2)

    assert answer[1]["output"] == "Paris."
    assert aws.now < seconds + 2.2
    assert len(aws.started) == 1


def test_an_answer_that_came_while_its_caller_paused_is_there_for_the_retry(
    aws: Aws, client: Client
) -> None:
    at(aws, 0.2, lambda: accept(aws))
    assert client.call("POST", "/prompts", PROMPT)[0] == 202
    end(aws)
    aws.sleep(30)

    assert client.call("POST", "/prompts", PROMPT)[0] == 200
    assert len(aws.started) == 1


def test_a_body_whose_answer_was_delivered_is_a_new_request(aws: Aws, client: Client) -> None:
    for _ in range(3):
        at(aws, 1, lambda: end(aws))
        assert client.call("POST", "/prompts", PROMPT)[0] == 200

    assert len(set(aws.started)) == 3
    assert aws.notes == 0  # an answer that came in time costs no write


@pytest.mark.parametrize("by", ["POST", "GET"])
def test_what_was_owed_is_delivered_once(aws: Aws, client: Client, by: str) -> None:
    at(aws, 0.2, lambda: accept(aws))
    client.call("POST", "/prompts", PROMPT)
    end(aws)
    request_id = last(aws)[1]["request_id"]

    if by == "GET":
        assert client.call("GET", f"/prompts/{request_id}")[1]["output"] == "Paris."
    else:
        assert client.call("POST", "/prompts", PROMPT)[0] == 200
    client.call("POST", "/prompts", PROMPT, query={"mode": "async"})

    assert len(aws.started) == 2


def test_a_look_at_a_request_that_runs_leaves_it_owed(aws: Aws, client: Client) -> None:
    at(aws, 0.2, lambda: accept(aws))
    client.call("POST", "/prompts", PROMPT)
    client.call("GET", f"/prompts/{last(aws)[1]['request_id']}")
    end(aws)

    assert client.call("POST", "/prompts", PROMPT)[0] == 200
    assert len(aws.started) == 1


def test_the_same_body_twice_at_once_is_one_run_before_it_has_a_row(
    aws: Aws, client: Client
) -> None:
    first, again = (
        client.call("POST", "/prompts", PROMPT, query={"mode": "async"})[1] for _ in range(2)
    )

    assert first == again
    assert len(aws.started) == 1


def test_another_tenant_another_body_and_a_body_with_an_id_never_join(
    aws: Aws, client: Client
) -> None:
    once = {"mode": "async"}
    client.call("POST", "/prompts", PROMPT, query=once)
    client.call("POST", "/prompts", PROMPT, query=once, tenant="other")
    client.call("POST", "/prompts", {"input": "Name a town."}, query=once)
    client.call("POST", "/prompts", PROMPT | {"metadata": {"user": "b"}}, query=once)
    client.call("POST", "/prompts", PROMPT | {"request_id": "r-1"}, query=once)

    assert len(set(aws.started)) == 5


@pytest.mark.parametrize("seconds", [1, WINDOW - 50])
def test_a_run_is_joined_across_the_border_of_two_windows(
    aws: Aws, client: Client, seconds: float
) -> None:
    aws.now = WINDOW - 1  # the window changes while it runs
    client.call("POST", "/prompts", PROMPT, query={"mode": "async"})
    accept(aws)
    aws.now += seconds + 1
    client.call("POST", "/prompts", PROMPT, query={"mode": "async"})

    assert len(aws.started) == 1


def test_after_two_windows_a_body_is_a_new_request(aws: Aws, client: Client) -> None:
    at(aws, 0.2, lambda: accept(aws))
    client.call("POST", "/prompts", PROMPT)
    end(aws)
    aws.now += 2 * WINDOW
    client.call("POST", "/prompts", PROMPT, query={"mode": "async"})

    assert len(aws.started) == 2


def test_a_closed_request_is_told_to_who_was_told_to_wait_and_then_a_repeat_is_new(
    aws: Aws, client: Client
) -> None:
    at(aws, 0.2, lambda: accept(aws))
    client.call("POST", "/prompts", PROMPT)
    end(aws, failed, "ModelError")

    assert client.call("POST", "/prompts", PROMPT)[0] == 400
    assert len(aws.started) == 1
    client.call("POST", "/prompts", PROMPT)
    assert len(aws.started) == 2


def test_an_answer_that_could_not_be_shown_is_owed_and_not_paid_again(
    aws: Aws, client: Client
) -> None:
    def end_oddly() -> None:
        end(aws)
        del aws.rows[last(aws)[0]]["REQUEST"]["request_id"]

    at(aws, 1, end_oddly)

    codes = [client.call("POST", "/prompts", PROMPT)[0] for _ in range(3)]

    assert codes == [502, 502, 502]
    assert len(aws.started) == 1


def test_a_mark_that_cannot_be_written_costs_no_caller_the_answer(
    aws: Aws, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(_key: str) -> None:
        raise StoreUnavailable("ThrottlingException")

    at(aws, 0.2, lambda: accept(aws))
    client.call("POST", "/prompts", PROMPT)
    end(aws)
    monkeypatch.setattr(aws, "clear", unavailable)
    assert client.call("POST", "/prompts", PROMPT)[0] == 200
    monkeypatch.setattr(aws, "note", unavailable)
    aws.rows[last(aws)[0]]["REQUEST"].pop("undelivered")

    assert client.call("POST", "/prompts", PROMPT)[0] == 202


def test_who_gave_an_id_comes_again_with_it_and_needs_no_mark(aws: Aws, client: Client) -> None:
    client.call("POST", "/prompts", PROMPT | {"request_id": "r-1"})

    assert aws.notes == 0


def test_a_new_body_is_looked_for_once(aws: Aws, client: Client) -> None:
    client.call("POST", "/prompts", PROMPT, query={"mode": "async"})

    assert aws.looks == 1


def test_what_the_first_look_could_not_read_is_looked_at_by_itself(
    aws: Aws, client: Client
) -> None:
    client.call("POST", "/prompts", PROMPT, query={"mode": "async"})
    accept(aws)
    aws.looks, aws.blind = 0, 1

    client.call("POST", "/prompts", PROMPT, query={"mode": "async"})

    assert len(aws.started) == 1


def test_a_body_that_was_asked_often_is_found_in_few_looks(aws: Aws, client: Client) -> None:
    for _ in range(100):
        client.call("POST", "/prompts", PROMPT, query={"mode": "async"})
        end(aws)
    aws.looks = 0

    client.call("POST", "/prompts", PROMPT, query={"mode": "async"})

    assert len(set(aws.started)) == 101
    assert aws.looks <= 16


def test_the_median_wait_after_a_run_has_ended_is_under_a_tenth_of_a_second() -> None:
    wasted = []
    for tenths in range(1, 240):
        aws = Aws()
        ended = tenths / 10 + tenths % 7 / 100
        at(aws, ended, lambda aws=aws: end(aws))
        status, _, _ = Client(aws).call("POST", "/prompts", PROMPT)
        assert status == 200
        wasted.append(aws.now - ended)

    assert median(wasted) < 0.1
    assert max(wasted) <= 0.15
