from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from router.aws.request_queues import RequestQueues, message_of
from router.config.tenants import parse_rules
from router.errors import StoreUnavailable
from router.executions.names import execution_name
from router.executions.run import Busy, NoSuchRun, NotStarted, Run
from router.ingress.queue.backpressure import Backpressure
from router.ingress.queue.ingest import LAST_TRY, delay, ingest
from router.ingress.queue.message import Message, NotSent, Report
from router.intake.request import parse_request

BODY = '{"input": "What is the capital of France?"}'
HASTY = '{"input": "hi", "request_id": "r", "tenant": "hasty"}'
NOW = datetime(2026, 11, 24, tzinfo=UTC)


class Executions:
    """Step Functions: runs by name, how those that are over ended, an error it gives instead."""

    def __init__(self, error: Exception | None = None) -> None:
        self.runs: dict[str, str] = {}
        self.ends: dict[str, tuple[str, str | None]] = {}
        self.error = error

    def start(self, name: str, payload: str) -> Run | None:
        if self.error:
            raise self.error
        if name in self.runs:
            return self.describe(name)
        self.runs[name] = payload
        return None

    def describe(self, name: str) -> Run:
        if name not in self.runs:
            raise NoSuchRun("ExecutionDoesNotExist")
        status, error = self.ends.get(name, ("SUCCEEDED", None))
        return Run(status, self.runs[name], error)


class Queues:
    def __init__(self, error: Exception | None = None) -> None:
        self.back: list[tuple[Message, int]] = []
        self.aside: list[tuple[str, str, str]] = []
        self.error = error

    def requeue(self, message: Message, delay_seconds: int) -> None:
        if self.error:
            raise self.error
        self.back.append((message, delay_seconds))

    def dead_letter(self, message: Message, reason: str, detail: str) -> None:
        if self.error:
            raise self.error
        self.aside.append((message.id, reason, detail))


def run(
    *messages: Message,
    executions: Executions | None = None,
    queues: Queues | None = None,
    bucket: dict[str, Any] | Exception | None = None,
    is_express: bool = False,
) -> Report:
    """Ingest messages, the tenant ``hasty`` of which may send two a minute."""

    def read(tenant: str) -> dict[str, Any]:
        assert tenant == "hasty"
        if isinstance(bucket, Exception):
            raise bucket
        return bucket or {}

    return ingest(
        messages,
        executions or Executions(),
        queues or Queues(),
        Backpressure(parse_rules({"hasty": {"rate": {"requests": 2}}}), read, lambda: NOW),
        input_bytes_limit=1024,
        is_express=is_express,
        draw=lambda: 0.5,
    )


def full_in(seconds: int) -> dict[str, int]:
    """Return the buckets that are full again in so many seconds; empty ones are in a minute."""
    return {"requests_full_at": int((NOW.timestamp() + seconds) * 1_000_000)}


def test_a_message_is_an_execution_under_its_request_id() -> None:
    executions = Executions()

    report = run(Message("m", '{"input": "hi", "request_id": "r-1"}'), executions=executions)

    name = execution_name("default", "r-1")
    assert executions.runs == {name: '{"input": "hi", "request_id": "r-1"}'}
    assert report == Report(started=["m"])


def test_without_an_id_every_delivery_of_a_message_is_one_execution() -> None:
    executions = Executions()

    run(Message("m", BODY), executions=executions)
    again = run(Message("m", BODY, received=2), executions=executions)

    [(name, given)] = executions.runs.items()
    assert name == execution_name("default", "sqs-m")
    assert json.loads(given)["request_id"] == "sqs-m"
    assert again.repeated == ["m"]
    assert again.failed == {}


def test_the_same_request_in_other_words_of_json_is_the_same_request() -> None:
    executions, queues = Executions(), Queues()
    run(Message("a", '{"input": "hi", "request_id": "r"}'), executions=executions)

    report = run(
        Message("b", '{ "request_id": "r", "input": "hi" }'), executions=executions, queues=queues
    )

    assert report.repeated == ["b"]
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
        ('{"payload_s3": "s3://b/uploads/acme/a.json"}', "start an execution with it"),
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
    assert report.started == ["good"]
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


class Sqs:
    """Sends messages to nobody, and shows them as a consumer would get them."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send_message(self, **given: Any) -> None:
        self.sent.append(given)

    def received(self, message_id: str = "another") -> Message:
        sent = self.sent[-1]
        attributes = {n: a["StringValue"] for n, a in sent["MessageAttributes"].items()}
        return received(sent["MessageBody"], message_id, **attributes)


def received(body: str, message_id: str = "m", **attributes: str) -> Message:
    return message_of(
        {
            "messageId": message_id,
            "body": body,
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": {n: {"stringValue": text} for n, text in attributes.items()},
        }
    )


def test_a_copy_is_the_same_request_under_another_message_id() -> None:
    sqs, executions = Sqs(), Executions(Busy("ThrottlingException"))
    queues = RequestQueues(sqs, "queue", "dead")  # type: ignore[arg-type]
    run(Message("m", BODY, put_back=1), executions=executions, queues=queues)
    copy = sqs.received()

    executions.error = None
    run(Message("m", BODY), executions=executions)
    again = run(copy, executions=executions)

    assert (sqs.sent[0]["QueueUrl"], copy.id, copy.put_back) == ("queue", "another", 2)
    assert again.repeated == ["another"]
    assert list(executions.runs) == [execution_name("default", "sqs-m")]


def test_what_is_set_aside_keeps_its_id_for_when_it_is_sent_back() -> None:
    sqs = Sqs()
    queues = RequestQueues(sqs, "queue", "dead")  # type: ignore[arg-type]
    executions = Executions(NotStarted("AccessDeniedException"))

    run(Message("m", BODY, received=LAST_TRY), executions=executions, queues=queues)

    assert sqs.sent[0]["QueueUrl"] == "dead"
    assert json.loads(sqs.received().body)["request_id"] == "sqs-m"


@pytest.mark.parametrize("value", ["trace-1", "0", "1"])
@pytest.mark.parametrize("name", ["request_id", "runs_as", "put_back", "tenant"])
def test_an_attribute_of_the_senders_own_changes_nothing(name: str, value: str) -> None:
    """H45: two messages with one attribute were one run, and `runs_as` made a message vanish."""
    executions, queues = Executions(), Queues()
    first = received(BODY, "a", **{name: value})
    second = received('{"input": "other"}', "b", **{name: value})

    report = run(first, second, executions=executions, queues=queues)

    assert (first.watches, first.put_back) == (None, 0)
    assert (report.started, queues.aside) == (["a", "b"], [])
    assert list(executions.runs) == [execution_name("default", f"sqs-{i}") for i in "ab"]


@pytest.mark.parametrize("value", ["0", "7", "-1", "x", "9" * 5000, "٣", "", "1.5", "1e9"])
@pytest.mark.parametrize("body", [BODY, HASTY])
def test_no_message_vanishes_whatever_its_sender_writes_into_our_attributes(
    value: str, body: str
) -> None:
    executions, queues = Executions(), Queues()
    forged = {"faregate.watches": value, "faregate.put_back": value}

    report = run(received(body, **forged), executions=executions, queues=queues)

    assert report.started == ["m"]
    assert len(executions.runs) == 1


def test_a_copy_cannot_wait_for_the_run_of_another_payload() -> None:
    executions, queues = Executions(), Queues()
    run(received(HASTY), executions=executions)
    other = HASTY.replace('"hi"', '"something else"')

    report = run(received(other, **{"faregate.watches": "0"}), executions=executions, queues=queues)

    assert report.set_aside == {"m": "Conflict"}
    assert [reason for _, reason, _ in queues.aside] == ["Conflict"]


def test_tenants_may_use_the_same_ids() -> None:
    executions, queues = Executions(), Queues()
    bodies = [json.dumps({"input": t, "request_id": "r", "tenant": t}) for t in ("a", "b")]

    report = run(*(Message(b, b) for b in bodies), executions=executions, queues=queues)

    assert (len(report.started), queues.aside) == (2, [])


def test_text_that_has_no_utf_8_form_is_started_and_holds_up_nobody() -> None:
    executions = Executions()

    report = run(Message("m", '{"input": "\\ud800"}'), Message("n", BODY), executions=executions)

    assert report.started == ["m", "n"]
    for given in executions.runs.values():
        given.encode()


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


def test_what_the_rate_has_no_room_for_is_not_started_and_waits_until_it_has() -> None:
    executions, queues = Executions(), Queues()

    report = run(
        Message("m", HASTY, put_back=2), executions=executions, queues=queues, bucket=full_in(50)
    )

    assert (executions.runs, report) == ({}, Report(held=["m"]))
    [(copy, seconds)] = queues.back
    # Half of a bucket of two is free in 20 s.
    assert (copy, seconds) == (Message("m", HASTY, put_back=2), 20)


def test_a_batch_begins_no_more_than_its_rate_has_room_for() -> None:
    bodies = [json.dumps({"input": "hi", "tenant": "hasty"})] * 3

    report = run(*(Message(str(n), body) for n, body in enumerate(bodies)))

    assert (report.started, report.held) == (["0", "1"], ["2"])


def test_a_run_that_may_be_refused_for_its_rate_is_looked_at_until_it_has_ended() -> None:
    executions, queues = Executions(), Queues()
    run(Message("m", HASTY), executions=executions, queues=queues)
    [(copy, _)] = queues.back

    name = execution_name("hasty", "r")
    executions.ends[name] = ("RUNNING", None)
    waits = run(copy, executions=executions, queues=queues, bucket=full_in(60))
    executions.ends[name] = ("SUCCEEDED", None)
    done = run(copy, executions=executions, queues=queues, bucket=full_in(60))

    assert (copy.watches, waits.held, done.repeated) == (0, ["m"], ["m"])
    assert len(queues.back) == 2
    assert list(executions.runs) == [name]


def test_a_run_that_was_refused_for_its_rate_is_started_again_under_the_same_request_id() -> None:
    executions, queues = Executions(), Queues()
    body = '{"input": "hi", "tenant": "hasty"}'
    run(Message("a", body), executions=executions, queues=queues)
    refuse(executions, "RateLimited")
    again = replace(queues.back[0][0], id="b")

    first = run(again, executions=executions, queues=queues)
    second = run(again, executions=executions, queues=queues)

    assert (first.started, second.repeated) == (["b"], ["b"])
    names = [execution_name("hasty", "sqs-a", turn=turn) for turn in (0, 1)]
    assert list(executions.runs) == names
    assert json.loads(executions.runs[names[1]])["request_id"] == "sqs-a"
    assert queues.back[-1][0].watches == 1


@pytest.mark.parametrize(
    "error", ["RateLimited", "BudgetExceeded", "PolicyDenied", "StoreUnavailable", "States.Timeout"]
)
def test_a_request_that_was_refused_or_never_accepted_runs_when_it_is_sent_again(
    error: str,
) -> None:
    executions = Executions()
    body = '{"input": "hi", "request_id": "r"}'
    run(Message("a", body), executions=executions)
    refuse(executions, error)

    report = run(Message("b", body), executions=executions)

    assert report.started == ["b"]
    assert len(executions.runs) == 2


def test_a_refusal_that_no_waiting_changes_is_not_tried_again_by_itself() -> None:
    executions, queues = Executions(), Queues()
    run(Message("a", HASTY), executions=executions, queues=queues)
    refuse(executions, "BudgetExceeded")

    report = run(queues.back[0][0], executions=executions, queues=queues)

    assert (report.repeated, len(executions.runs), len(queues.back)) == (["a"], 1, 1)


def test_however_often_a_request_that_ended_is_sent_again_one_run_more_finds_its_rows() -> None:
    executions = Executions()
    body = '{"input": "hi", "request_id": "r"}'
    run(Message("a", body), executions=executions)
    refuse(executions, "ModelTimeout")

    reports = [run(Message(name, body), executions=executions) for name in "bcd"]

    # The second run is answered from the rows, and succeeds.
    assert [report.started for report in reports] == [["b"], [], []]
    assert len(executions.runs) == 2


def refuse(executions: Executions, error: str) -> None:
    """Let the run that was started last fail."""
    executions.ends[list(executions.runs)[-1]] = ("FAILED", error)


def test_a_consumer_that_dies_after_it_started_a_run_again_loses_it_to_no_rate() -> None:
    executions, queues = Executions(), Queues()
    run(Message("a", HASTY), executions=executions, queues=queues)
    copy = replace(queues.back[0][0], id="copy")
    refuse(executions, "RateLimited")
    run(copy, executions=executions, queues=Queues(NotSent("it died before the copy was sent")))
    refuse(executions, "RateLimited")

    report = run(replace(copy, received=2), executions=executions, queues=queues)

    assert report.started == ["copy"]
    assert len(executions.runs) == 3
    assert queues.back[-1][0].watches == 2


def test_buckets_that_cannot_be_read_hold_up_nothing() -> None:
    report = run(Message("m", HASTY), bucket=StoreUnavailable("down"))

    assert report.started == ["m"]


def test_an_express_run_is_not_looked_at_again() -> None:
    queues = Queues()

    report = run(Message("m", HASTY), queues=queues, is_express=True)

    assert (report.started, queues.back) == (["m"], [])


def test_a_request_that_never_fits_begins_so_that_the_workflow_says_so() -> None:
    backpressure = Backpressure(
        parse_rules({"*": {"rate": {"tokens": 10}}}), lambda _: {}, lambda: NOW
    )
    request = parse_request({"input": "x" * 100}, execution_name="r", input_bytes_limit=1024)

    assert backpressure.wait(request) == 0


def test_a_copy_says_which_run_it_waits_for() -> None:
    sqs = Sqs()

    RequestQueues(sqs, "queue", "dead").requeue(Message("m", HASTY, watches=1), 1)  # type: ignore[arg-type]

    assert sqs.received().watches == 1
