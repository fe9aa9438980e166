from __future__ import annotations

import json
from typing import Any

import pytest

from router.ingest import LAST_TRY, Message, NotSent, Report, delay, ingest
from router.queues import RequestQueues, message_of
from router.starting import Busy, NotStarted, Run

BODY = '{"input": "What is the capital of France?"}'


class Executions:
    """Step Functions: runs by name, and an error it gives instead."""

    def __init__(self, error: Exception | None = None) -> None:
        self.runs: dict[str, str] = {}
        self.error = error

    def start(self, name: str, payload: str) -> Run | None:
        if self.error:
            raise self.error
        if name in self.runs:
            return Run("SUCCEEDED", self.runs[name])
        self.runs[name] = payload
        return None


class Queues:
    def __init__(self, error: Exception | None = None) -> None:
        self.back: list[tuple[Message, int]] = []
        self.aside: list[tuple[str, str, str]] = []
        self.error = error

    def put_back(self, message: Message, delay_seconds: int) -> None:
        if self.error:
            raise self.error
        self.back.append((message, delay_seconds))

    def set_aside(self, message: Message, reason: str, detail: str) -> None:
        if self.error:
            raise self.error
        self.aside.append((message.id, reason, detail))


def run(
    *messages: Message, executions: Executions | None = None, queues: Queues | None = None
) -> Report:
    return ingest(
        messages,
        executions or Executions(),
        queues or Queues(),
        input_bytes_limit=1024,
        draw=lambda: 0.5,
    )


def test_a_message_is_an_execution_under_its_request_id() -> None:
    executions = Executions()

    report = run(Message("m", '{"input": "hi", "request_id": "r-1"}'), executions=executions)

    assert executions.runs == {"r-1": '{"input": "hi", "request_id": "r-1"}'}
    assert report == Report(("m",), (), (), {}, {})


def test_without_an_id_every_delivery_of_a_message_is_one_execution() -> None:
    executions = Executions()

    run(Message("m", BODY), executions=executions)
    again = run(Message("m", BODY, received=2), executions=executions)

    assert list(executions.runs) == ["sqs-m"]
    assert again.repeated == ("m",)
    assert again.failed == {}


def test_the_same_request_in_other_words_of_json_is_the_same_request() -> None:
    executions, queues = Executions(), Queues()
    run(Message("a", '{"input": "hi", "request_id": "r"}'), executions=executions)

    report = run(
        Message("b", '{ "request_id": "r", "input": "hi" }'), executions=executions, queues=queues
    )

    assert report.repeated == ("b",)
    assert queues.aside == []


def test_an_id_with_another_payload_is_set_aside_as_a_conflict() -> None:
    executions, queues = Executions(), Queues()
    run(Message("a", '{"input": "hi", "request_id": "r"}'), executions=executions)

    report = run(
        Message("b", '{"input": "other", "request_id": "r"}'), executions=executions, queues=queues
    )

    assert [(i, reason) for i, reason, _ in queues.aside] == [("b", "Conflict")]
    assert "new request_id" in queues.aside[0][2]
    assert report.failed == {}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("hello", "not JSON"),
        ("[1]", "must be an object"),
        ("{}", "either `input`"),
        ('{"prompt": "hi"}', "`prompt`"),
        (json.dumps({"input": "x" * 2000}), "shorten it"),
    ],
)
def test_what_is_no_request_is_set_aside_at_once_with_its_reason_and_blocks_nobody(
    body: str, told: str
) -> None:
    executions, queues = Executions(), Queues()

    report = run(Message("bad", body), Message("good", BODY), executions=executions, queues=queues)

    [(message, reason, detail)] = queues.aside
    assert (message, reason) == ("bad", "InvalidRequest")
    assert told in detail
    assert report.started == ("good",)
    assert report.failed == {}


def test_a_throttled_message_is_put_back_and_is_no_failed_try_however_often() -> None:
    executions, queues = Executions(Busy("ThrottlingException")), Queues()

    report = run(
        Message("m", BODY, received=LAST_TRY, put_back=40), executions=executions, queues=queues
    )

    assert report.failed == {}
    assert report.set_aside == {}
    assert [message.id for message, _ in queues.back] == ["m"]
    assert queues.aside == []


def test_a_copy_keeps_the_id_of_the_message_it_copies() -> None:
    sent: list[dict[str, Any]] = []

    class Client:
        def send_message(self, **given: Any) -> None:
            sent.append(given)

    queues = RequestQueues(Client(), "queue", "dead")  # type: ignore[arg-type]
    queues.put_back(Message("m", BODY, put_back=1), 7)

    [copy] = sent
    assert (copy["QueueUrl"], copy["MessageBody"], copy["DelaySeconds"]) == ("queue", BODY, 7)
    attributes = {
        name: {"stringValue": value["StringValue"]}
        for name, value in copy["MessageAttributes"].items()
    }
    received = message_of(
        {
            "messageId": "another",
            "body": copy["MessageBody"],
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": attributes,
        }
    )
    assert received.fallback_id == "sqs-m"
    assert (received.put_back, received.received) == (2, 1)


def test_a_wrong_set_up_is_tried_three_times_then_set_aside_with_its_reason() -> None:
    executions, queues = Executions(NotStarted("AccessDeniedException")), Queues()

    first = run(Message("m", BODY, received=1), executions=executions, queues=queues)
    last = run(Message("m", BODY, received=LAST_TRY), executions=executions, queues=queues)

    assert first.failed == {"m": "AccessDeniedException"}
    assert last.failed == {}
    assert [(i, reason) for i, reason, _ in queues.aside] == [("m", "AccessDeniedException")]


@pytest.mark.parametrize("error", [None, Busy("ThrottlingException")])
def test_a_message_that_sqs_does_not_take_stays_where_it_is(error: Exception | None) -> None:
    body = BODY if error else "no json"

    report = run(
        Message("m", body), executions=Executions(error), queues=Queues(NotSent("Throttled"))
    )

    assert report.failed == {"m": "SQS: Throttled"}
    assert report.set_aside == {}


def test_the_wait_doubles_is_spread_and_ends_at_what_sqs_can_delay() -> None:
    longest = [delay(n, 0.999999) for n in range(12)]

    assert longest[:4] == [1, 3, 7, 15]
    assert longest[-1] == 899
    assert {delay(n, 0.0) for n in range(12)} == {1}
    assert delay(9, 1.0) == 900
