"""The WebSocket API: the workflow runs, and its answer is pushed while it is written."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from local import client
from local.deployment import Deployment
from tests.local_cloud.cloud_control import wait_for
from tests.local_cloud.line import Line, ask, send
from tests.local_cloud.simulator import Simulator
from tests.local_cloud.test_fault_text import answers
from tests.support.sockets import Frame, Refused, Socket, kinds, text_of

HAIKU = "us.anthropic.claude-haiku-5-5"
SONNET = "us.anthropic.claude-sonnet-5-5"
TENANT = "pushed"


@pytest.fixture(scope="module")
def line(deployment: Deployment) -> Line:
    return Line(deployment, TENANT)


@pytest.fixture
def connection(line: Line) -> Iterator[Socket]:
    with line.open() as opened:
        yield opened


@pytest.fixture
def prompt() -> str:
    return f"Name a river. {uuid.uuid4()}"


def settled(deployment: Deployment, request_id: str, tenant: str = TENANT) -> client.Traced:
    [traced] = client.wait_until_settled(deployment, [request_id], 60, tenant)
    assert traced.settled
    return traced


def test_an_answer_comes_in_parts_and_ends_with_outcome_usage_and_cost(
    deployment: Deployment, connection: Socket, simulator: Simulator, prompt: str
) -> None:
    words = "one two three four five six seven eight nine ten "
    simulator.script({"match": {"contains": prompt}, "text": words, "slow_ms": 60})

    frames = ask(connection, prompt)

    assert kinds(frames) == ["received", "begin", "delta", "done"]
    assert text_of(frames) == words
    assert len([frame for frame in frames if frame["type"] == "delta"]) > 2
    begin, done = frames[1], frames[-1]
    assert (begin["model"], done["status"], done["finish_reason"]) == (HAIKU, "SUCCEEDED", "stop")
    traced = settled(deployment, done["request_id"])
    assert traced.output == words
    assert traced.request["workflow_type"] == "STANDARD"
    [attempt] = traced.attempts
    assert float(done["cost_usd"]) == pytest.approx(float(attempt["cost_usd"]))
    assert done["usage"]["completion_tokens"] == attempt["output_tokens"]


@pytest.mark.parametrize(
    "fields",
    [
        {"tier": "CALCULATION"},
        {"response_schema": {"type": "object", "properties": {}, "additionalProperties": True}},
    ],
    ids=["through the HTTP Task", "checked first"],
)
def test_an_answer_that_does_not_stream_comes_as_one_part(
    connection: Socket, simulator: Simulator, prompt: str, fields: dict[str, Any]
) -> None:
    simulator.script({"match": {"contains": prompt}, "text": '{"river": "Rhine"}'})

    frames = ask(connection, prompt, **fields)

    assert [frame["type"] for frame in frames] == ["received", "begin", "delta", "done"]
    assert json.loads(text_of(frames)) == {"river": "Rhine"}


def test_an_answer_that_is_known_comes_as_one_part(
    connection: Socket, simulator: Simulator, prompt: str
) -> None:
    name = f"again-{uuid.uuid4().hex}"

    first, again = (ask(connection, prompt, request_id=name) for _ in range(2))

    assert text_of(first) == text_of(again) != ""
    assert [frame["type"] for frame in again] == ["received", "begin", "delta", "done"]
    assert len(simulator.calls_with(prompt)) == 1


def test_a_fallback_before_the_first_token_is_no_restart(
    deployment: Deployment, connection: Socket, simulator: Simulator, prompt: str
) -> None:
    rule = {"match": {"contains": prompt, "model": SONNET}, "status": 500, "count": None}
    simulator.script(rule)

    frames = ask(connection, prompt, tier="COMPLEX")

    assert kinds(frames) == ["received", "begin", "delta", "done"]
    traced = settled(deployment, frames[-1]["request_id"])
    assert [row["outcome"] for row in traced.attempts] == ["UNKNOWN", "OK"]


def test_a_refused_request_ends_with_its_reason(connection: Socket, prompt: str) -> None:
    frames = ask(connection, prompt, tier="HUGE")

    assert frames[-1]["type"] == "error"
    assert frames[-1]["error"]["type"] == "InvalidRequest"
    assert "tier" in frames[-1]["error"]["message"]


def test_a_request_that_was_refused_may_be_asked_again_under_its_id(
    connection: Socket, prompt: str
) -> None:
    name = f"again-{uuid.uuid4().hex}"

    refused = [ask(connection, prompt, tier="HUGE", request_id=name)[-1] for _ in range(2)]

    assert [frame["error"]["type"] for frame in refused] == ["InvalidRequest"] * 2
    assert refused[0]["request_id"] == name


def test_a_frame_as_large_as_the_gateway_takes_is_a_request(
    connection: Socket, simulator: Simulator, prompt: str
) -> None:
    request = {"input": prompt, "tier": "SIMPLE"}
    frame = {"action": "ask", "request": request}
    request["input"] += "x" * (128 * 1024 - len(json.dumps(frame)))
    simulator.script({"match": {"contains": prompt}, "text": "Rhine"})

    connection.send(frame)

    assert text_of(list(connection.until("done", "error"))) == "Rhine"


def test_an_answer_that_a_lost_connection_did_not_bring_is_the_next_repeats(
    deployment: Deployment, line: Line, simulator: Simulator, prompt: str
) -> None:
    simulator.script({"match": {"contains": prompt}, "text": "Rhine", "delay_ms": 3000})
    with line.open() as connection:
        send(connection, prompt)
        name = connection.receive()["request_id"]
    settled(deployment, name)

    def is_owed() -> bool:
        return bool(client.trace(deployment, name, TENANT).request.get("undelivered"))

    wait_for(is_owed, "nobody noted that the answer was not delivered")
    with line.open() as later:
        frames = ask(later, prompt)

    assert (frames[-1]["request_id"], text_of(frames)) == (name, "Rhine")
    assert len(simulator.calls_with(prompt)) == 1


def test_a_bad_frame_costs_itself_alone(connection: Socket, prompt: str) -> None:
    bad: list[Any] = ["no JSON", [], {"action": "shout"}, {"action": "ask"}, {"action": "cancel"}]
    for frame in bad:
        connection.send(frame if isinstance(frame, str) else json.dumps(frame))
        answer = connection.receive()
        assert (answer["type"], answer["error"]["type"]) == ("error", "InvalidRequest"), frame

    connection.send({"action": "ping", "ref": "1"})
    assert connection.receive() == {"type": "pong", "ref": "1"}
    assert ask(connection, prompt)[-1]["type"] == "done"


def test_a_connection_needs_a_key_and_a_page_offers_it_as_a_subprotocol(line: Line) -> None:
    with Socket(line.url, subprotocols=("faregate", line.door.key)) as connection:
        assert connection.subprotocol == "faregate"
        connection.send({"action": "ping"})
        assert connection.receive() == {"type": "pong"}

    for offered in ((), ("faregate",), ("faregate", line.door.key[:-1] + "!")):
        with pytest.raises(Refused):
            Socket(line.url, subprotocols=offered)


def test_another_tenants_request_is_unknown(
    deployment: Deployment, connection: Socket, simulator: Simulator, prompt: str
) -> None:
    name = f"mine-{uuid.uuid4().hex}"
    simulator.script({"match": {"contains": prompt}, "text": "Rhine", "delay_ms": 3000})
    send(connection, prompt, request_id=name)
    connection.receive()
    with Line(deployment, "stranger").open() as other:
        other.send({"action": "cancel", "request_id": name})
        refused = other.receive()
        assert (refused["type"], refused["error"]["type"]) == ("error", "NotFound")

        simulator.script({"match": {"contains": f"{prompt} theirs"}, "text": "Oder"})
        theirs = ask(other, f"{prompt} theirs", request_id=name)

    assert text_of(theirs) == "Oder"
    assert text_of(list(connection.until("done", "error"))) == "Rhine"


def test_requests_of_one_connection_run_beside_each_other(
    connection: Socket, simulator: Simulator, prompt: str
) -> None:
    prompts = {f"side-{n}-{uuid.uuid4().hex}": f"{prompt} {n}" for n in range(3)}
    for name, text in prompts.items():
        send(connection, text, request_id=name)

    ended: dict[str, list[Frame]] = {name: [] for name in prompts}
    while not all(frames and frames[-1]["type"] == "done" for frames in ended.values()):
        frame = connection.receive()
        ended[frame["request_id"]].append(frame)

    assert {kinds(frames)[-1] for frames in ended.values()} == {"done"}
    assert len({frame[-1]["request_id"] for frame in ended.values()}) == 3


def test_a_request_of_the_http_api_is_not_pushed_to_whoever_names_a_connection(
    line: Line, connection: Socket, prompt: str
) -> None:
    for field in ("connection", "listener", "connection_id"):
        body = {"input": prompt, field: "any"}
        answer = line.door.call("POST", "/prompts", body)
        assert (answer.status_code, answer.json()["error"]["type"]) == (400, "InvalidRequest")

    assert ask(connection, prompt)[-1]["type"] == "done"


def test_a_large_answer_comes_whole(connection: Socket, simulator: Simulator, prompt: str) -> None:
    text = json.dumps({"long": 'ünïcode "quoted" \n' * 12_000}, ensure_ascii=False)
    simulator.script({"match": {"contains": prompt}, "body": answers(text)})
    schema = {"type": "object", "properties": {}, "additionalProperties": True}

    frames = ask(connection, prompt, response_schema=schema)

    assert text_of(frames) == text
    assert len([frame for frame in frames if frame["type"] == "delta"]) > 2
    assert max(len(json.dumps(frame)) for frame in frames) < 128 * 1024


def test_connections_are_kept_while_they_are_open(deployment: Deployment, line: Line) -> None:
    def kept() -> int:
        found = deployment.client("dynamodb").scan(
            TableName=deployment.control_table,
            FilterExpression="begins_with(#key, :prefix) AND #tenant = :tenant",
            ExpressionAttributeNames={"#key": "key", "#tenant": "tenant"},
            ExpressionAttributeValues={":prefix": {"S": "socket#"}, ":tenant": {"S": "kept"}},
        )
        return int(found["Count"])

    kept_line = Line(deployment, "kept")
    with kept_line.open(), kept_line.open():
        assert kept() == 2
    wait_for(lambda: kept() == 0, "the connections are still kept")


def test_a_connection_that_is_gone_leaves_the_request_alone(
    deployment: Deployment, line: Line, simulator: Simulator, prompt: str
) -> None:
    name = f"gone-{uuid.uuid4().hex}"
    simulator.script({"match": {"contains": prompt}, "text": "word " * 40, "slow_ms": 60})
    with line.open() as connection:
        send(connection, prompt, request_id=name)
        list(connection.until("delta"))

    traced = settled(deployment, name)

    assert traced.request["status"] == "SUCCEEDED"
    assert [(row["outcome"], row["cost_status"]) for row in traced.attempts] == [("OK", "PRICED")]
    with line.open() as later:
        frames = ask(later, prompt, request_id=name)
    assert text_of(frames) == "word " * 40
    assert len(simulator.calls_with(prompt)) == 1
