"""The last frames of a request, however it ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from router.executions.run import Run
from router.ingress.api.submit import Submitted
from router.ingress.websocket.ending import Following, follow
from router.ingress.websocket.listeners import Sent
from router.intake.identity import Identity
from tests.fakes.api import HASH, KEY, RUN, answered, failed
from tests.fakes.dynamodb import DynamoDB, service_error
from tests.support.sockets import kinds, text_of
from tests.unit.router.ingress.websocket.wire import Wire

ONE = Following("c-1", Submitted(Identity("acme", "r-1", HASH), RUN, True))
STARTED_AT = answered("r-1")["ATTEMPT#01"]["started_at"]
UNTIL = 900.0


@pytest.fixture(autouse=True)
def _running(wire: Wire) -> None:
    wire.store.listen(KEY, "c-1")
    wire.aws.runs[RUN] = Run("RUNNING", "{}")


def ends(wire: Wire, at: float = 1.0, **changes: Any) -> None:
    """Let the request end so many seconds from now."""
    wire.aws.at.append((at, lambda: wire.aws.rows.update({KEY: answered("r-1", **changes)})))


def followed(wire: Wire, following: Following = ONE) -> list[dict[str, Any]]:
    follow(Following.from_json(following.to_json()), UNTIL, wire.waiting)
    return wire.frames()


def note(wire: Wire, streamed: str | None) -> None:
    listener = wire.store.listener_of(KEY)
    assert listener
    wire.store.note(replace(listener, has_begun=True, streamed=streamed))


def test_an_answer_that_was_pushed_ends_with_its_outcome_usage_and_cost(wire: Wire) -> None:
    note(wire, STARTED_AT)
    ends(wire)

    [done] = followed(wire)

    assert (done["type"], done["status"], done["finish_reason"]) == ("done", "SUCCEEDED", "stop")
    assert done["usage"]["completion_tokens"] == 10
    assert float(done["cost_usd"]) > 0
    assert done["attempts"][0]["output_tokens"] == 10
    assert "output" not in done


def test_an_answer_that_was_not_pushed_comes_as_one_part(wire: Wire) -> None:
    ends(wire)

    frames = followed(wire)

    assert [frame["type"] for frame in frames] == ["begin", "delta", "done"]
    assert text_of(frames) == "Paris."


@pytest.mark.parametrize("streamed", [None, "2026-11-21T09:00:00.000Z"])
def test_a_beginning_that_has_no_end_is_replaced_by_the_answer(
    wire: Wire, streamed: str | None
) -> None:
    note(wire, streamed)
    ends(wire)

    frames = followed(wire)

    assert [frame["type"] for frame in frames] == ["restart", "delta", "done"]


def test_an_answer_of_any_size_is_sent_in_messages_that_the_gateway_takes(wire: Wire) -> None:
    ends(wire)
    follow_until_end = wire.aws.at
    text = "é\n" * 200_000
    follow_until_end.append((1.0, lambda: wire.aws.rows[KEY]["CONTENT"].update(output=text)))

    frames = followed(wire)

    assert text_of(frames) == text
    assert kinds(frames) == ["begin", "delta", "done"]
    assert max(len(str(frame).encode()) for frame in frames) < 128 * 1024


def test_a_request_that_failed_ends_with_its_cause_and_cost(wire: Wire) -> None:
    wire.aws.rows[KEY] = failed("r-1", "ModelTimeout")

    [frame] = followed(wire)

    assert (frame["type"], frame["error"]["type"]) == ("error", "ModelTimeout")
    assert frame["request_id"] == "r-1"
    assert frame["outcome"]["status"] == "FAILED"
    assert frame["outcome"]["cost_status"] == "UNKNOWN"


def test_a_request_that_was_refused_ends_with_why(wire: Wire) -> None:
    wire.aws.refuse(RUN, "BudgetExceeded", "nothing is left today")

    [frame] = followed(wire)

    assert (frame["error"]["type"], frame["error"]["message"]) == (
        "BudgetExceeded",
        "nothing is left today",
    )
    assert "outcome" not in frame


def test_whoever_cancelled_gets_nothing(wire: Wire) -> None:
    wire.aws.at.append((3, lambda: wire.store.leave(KEY, "c-1")))
    ends(wire, at=60)

    assert followed(wire) == []
    assert wire.aws.now < 10


def test_the_connection_that_asked_last_gets_the_end(wire: Wire) -> None:
    wire.aws.at.append((3, lambda: wire.store.listen(KEY, "c-2")))
    ends(wire, at=60)

    assert followed(wire) == []
    assert followed(wire, replace(ONE, connection="c-2"))[-1]["type"] == "done"


def test_a_request_that_waits_for_a_reviewer_is_announced_once(wire: Wire) -> None:
    wire.aws.rows[KEY] = answered("r-1", status="PENDING_REVIEW")
    ends(wire, at=300)

    frames = followed(wire)

    assert [frame["type"] for frame in frames] == ["waiting", "begin", "delta", "done"]
    assert wire.aws.looks < 300


def test_a_request_that_outlasts_the_wait_is_to_be_asked_again(wire: Wire) -> None:
    [frame] = followed(wire)

    assert frame["error"]["type"] == "NotAnsweredYet"
    assert "same `request_id`" in frame["error"]["message"]
    assert wire.aws.now < UNTIL


def test_an_answer_that_nobody_took_is_owed_to_the_next_repeat(wire: Wire) -> None:
    wire.says = [Sent.GONE]
    ends(wire)

    followed(wire, replace(ONE, submitted=replace(ONE.submitted, is_named=False)))

    assert wire.aws.rows[KEY]["REQUEST"]["undelivered"] is True


def test_a_busy_connection_gets_each_frame_once(wire: Wire) -> None:
    wire.says = [Sent.BUSY, Sent.BUSY, Sent.OK, Sent.BUSY]
    ends(wire)

    assert [frame["type"] for frame in followed(wire)] == ["begin", "delta", "done"]


def test_nobody_listens_after_the_end(wire: Wire) -> None:
    ends(wire)
    followed(wire)

    assert wire.store.listener_of(KEY) is None


def test_a_second_try_of_the_function_sends_nothing_twice(wire: Wire) -> None:
    ends(wire)

    assert followed(wire) == followed(wire)


def test_a_table_that_does_not_tell_who_listens_costs_nobody_the_end(
    wire: Wire, dynamodb: DynamoDB
) -> None:
    ends(wire)
    dynamodb.fail(service_error("InternalServerError"))

    assert [frame["type"] for frame in followed(wire)] == ["begin", "delta", "done"]
