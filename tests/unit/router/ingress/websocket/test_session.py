"""What a connection sends, and the frames that it gets."""

from __future__ import annotations

from typing import Any

import pytest

from cost_calculator.row_keys import key_of
from tests.fakes.api import KEY, PROMPT, RUN, answered
from tests.fakes.dynamodb import DynamoDB, service_error
from tests.support.factories import AT
from tests.support.tables import CONTROL
from tests.unit.router.ingress.websocket.wire import Wire

ASK = {"action": "ask", "request": PROMPT}


@pytest.fixture
def connected(wire: Wire) -> Wire:
    assert wire.event("CONNECT") == {"statusCode": 200}
    return wire


def error_of(frames: list[dict[str, Any]]) -> tuple[str, str]:
    [frame] = frames
    assert frame["type"] == "error"
    return frame["error"]["type"], frame["error"]["message"]


def test_a_connection_is_kept_with_its_tenant_until_it_closes(
    connected: Wire, dynamodb: DynamoDB
) -> None:
    item = dynamodb.get_item(TableName=CONTROL, Key={"key": {"S": "socket#c-1"}})["Item"]
    assert item["tenant"]["S"] == "acme"
    assert 2 * 3600 < int(item["expires_at"]["N"]) - AT.timestamp() < 3 * 3600

    connected.event("DISCONNECT")
    assert connected.store.tenant_of("c-1") is None


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [("faregate, sk-fg-x", "faregate"), ("sk-fg-x,faregate", "faregate"), ("chat", None)],
)
def test_a_page_gets_the_subprotocol_that_is_no_key(
    wire: Wire, offered: str, chosen: str | None
) -> None:
    answer = wire.event("CONNECT", headers={"Sec-WebSocket-Protocol": offered})

    assert answer.get("headers", {}).get("Sec-WebSocket-Protocol") == chosen


def test_a_connection_without_a_tenant_is_refused(wire: Wire) -> None:
    assert wire.event("CONNECT", tenant=None) == {"statusCode": 403}


def test_a_connection_is_refused_while_the_table_does_not_answer(
    wire: Wire, dynamodb: DynamoDB
) -> None:
    dynamodb.fail(service_error("InternalServerError"))

    assert wire.event("CONNECT") == {"statusCode": 503}


def test_a_request_is_started_and_its_end_followed(connected: Wire) -> None:
    frames = connected.frame({**ASK, "ref": "mine"})

    assert frames == [{"type": "received", "request_id": "r-1", "ref": "mine"}]
    assert connected.aws.started == [RUN]
    [following] = connected.followed
    assert (following.connection, following.submitted.identity.key) == ("c-1", KEY)
    listener = connected.store.listener_of(KEY)
    assert listener
    assert listener.connection == "c-1"


def test_the_connection_listens_before_the_run_starts(connected: Wire) -> None:
    seen: list[Any] = []
    start = connected.aws.start

    def starting(name: str, payload: str) -> Any:
        seen.append(connected.store.listener_of(KEY))
        return start(name, payload)

    connected.aws.start = starting  # type: ignore[method-assign]
    connected.frame(ASK)

    assert seen[0].connection == "c-1"


def test_a_request_without_an_id_gets_one(connected: Wire) -> None:
    [frame] = connected.frame({"action": "ask", "request": {"input": "Who wrote Faust?"}})

    assert frame["type"] == "received"
    assert connected.followed[0].submitted.request_id == frame["request_id"]
    assert not connected.followed[0].submitted.is_named


@pytest.mark.parametrize(
    ("frame", "advice"),
    [
        ("{", "the frame must be JSON"),
        ("[]", "the frame must be a JSON object"),
        ({}, '{"action": "ask", "request": {"input": "…"}}'),
        ({"action": ["ask"]}, "`action` must be ask, cancel or ping"),
        ({"action": "ask"}, "`request` must be a JSON object"),
        ({"action": "ask", "request": "Hello"}, "`request` must be a JSON object"),
        ({"action": "ask", "input": "Hello"}, "goes into `request`"),
        ({"action": "ask", "request": {}}, "`input`"),
        ({"action": "ask", "request": {**PROMPT, "tenant": "other"}}, "leave `tenant` out"),
        ({"action": "ask", "request": {**PROMPT, "connection": "c-2"}}, "connection"),
        ({"action": "cancel"}, "`request_id` must be the id of a request"),
        ({"action": "cancel", "request_id": "../x"}, "`request_id` must be the id of a request"),
        ({"action": "ping", "ref": "x" * 65}, "`ref` must be a text of at most 64 characters"),
        ({"action": "ping", "ref": 1}, "`ref` must be a text"),
    ],
)
def test_a_bad_frame_costs_itself_alone_and_is_told_what_to_write(
    connected: Wire, frame: Any, advice: str
) -> None:
    kind, message = error_of(connected.frame(frame))

    assert kind == "InvalidRequest"
    assert advice in message
    assert connected.frame({"action": "ping"}) == [{"type": "pong"}]
    assert connected.aws.started == []


def test_an_error_names_the_frame_that_it_is_about(connected: Wire) -> None:
    [frame] = connected.frame({"action": "shout", "ref": "mine"})

    assert frame["ref"] == "mine"


def test_a_request_that_cannot_be_started_is_told_and_nobody_listens(connected: Wire) -> None:
    connected.aws.busy = True

    _, frame = connected.frame(ASK)

    assert (frame["type"], frame["error"]["type"], frame["request_id"]) == ("error", "Busy", "r-1")
    assert connected.store.listener_of(KEY) is None
    assert connected.followed == []


def test_a_request_id_of_another_payload_is_a_conflict(connected: Wire) -> None:
    connected.aws.rows[KEY] = answered("r-1", payload_hash="another")

    assert error_of(connected.frame(ASK))[0] == "Conflict"


def test_a_request_that_has_rows_is_followed_and_not_started(connected: Wire) -> None:
    connected.aws.rows[KEY] = answered("r-1")

    connected.frame(ASK)

    assert connected.aws.started == []
    assert connected.followed[0].submitted.execution is None


def test_a_cancelled_request_goes_on_and_nobody_listens(connected: Wire) -> None:
    connected.frame(ASK)

    frames = connected.frame({"action": "cancel", "request_id": "r-1", "ref": "2"})

    assert frames == [{"type": "cancelled", "request_id": "r-1", "ref": "2"}]
    assert connected.store.listener_of(KEY) is None
    assert connected.aws.runs[RUN].status == "RUNNING"


@pytest.mark.parametrize("tenant", ["acme", "other"])
def test_what_another_connection_asked_cannot_be_cancelled(connected: Wire, tenant: str) -> None:
    connected.frame(ASK)
    connected.event("CONNECT", "c-2", tenant=tenant)

    refused = connected.frame({"action": "cancel", "request_id": "r-1"}, "c-2")

    assert error_of(refused)[0] == "NotFound"
    assert connected.store.listener_of(KEY) is not None


def test_an_id_is_each_tenants_own(connected: Wire) -> None:
    connected.frame(ASK)
    connected.event("CONNECT", "c-2", tenant="other")

    connected.frame({"action": "ask", "request": {**PROMPT, "input": "Else?"}}, "c-2")

    mine, theirs = (connected.store.listener_of(key_of(t, "r-1")) for t in ("acme", "other"))
    assert mine
    assert theirs
    assert (mine.connection, theirs.connection) == ("c-1", "c-2")


def test_a_connection_that_nobody_knows_must_connect_again(wire: Wire) -> None:
    assert error_of(wire.frame(ASK))[0] == "Unauthorized"
    assert wire.aws.started == []


def test_a_connection_is_known_for_its_time_alone(connected: Wire) -> None:
    connected.aws.now = 3 * 3600

    assert error_of(connected.frame(ASK))[0] == "Unauthorized"


def test_a_fault_of_ours_is_an_error_frame_without_its_words(
    connected: Wire, dynamodb: DynamoDB
) -> None:
    dynamodb.fail(service_error("InternalServerError"))

    kind, message = error_of(connected.frame(ASK))

    assert kind == "Busy"
    assert "send it again" in message
