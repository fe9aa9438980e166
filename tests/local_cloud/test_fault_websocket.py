"""What goes wrong while an answer is pushed to a connection."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from local import client
from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator, wait_for
from tests.local_cloud.fault_table import Tell
from tests.local_cloud.line import Line, send
from tests.local_cloud.simulator import Simulator
from tests.support.sockets import kinds, text_of

SONNET = "us.anthropic.claude-sonnet-5-5"
TENANT = "faulty"
WORDS = "word " * 200


@pytest.fixture(scope="module")
def line(deployment: Deployment) -> Line:
    return Line(deployment, TENANT)


@pytest.fixture
def prompt() -> str:
    return f"Name a river. {uuid.uuid4()}"


def slowly(simulator: Simulator, prompt: str, **faults: Any) -> None:
    match = {"contains": prompt, **faults.pop("match", {})}
    simulator.script({"match": match, "text": WORDS, "slow_ms": 60, **faults})


def settled(deployment: Deployment, request_id: str) -> client.Traced:
    [traced] = client.wait_until_settled(deployment, [request_id], 90, TENANT)
    assert traced.settled, traced
    return traced


def outcomes(traced: client.Traced) -> list[str]:
    return [row["outcome"] for row in traced.attempts]


def test_a_connection_that_is_gone_ends_the_pushing_and_never_the_request(
    deployment: Deployment, line: Line, simulator: Simulator, tell: Tell, prompt: str
) -> None:
    told = tell("socket-gone", "the client closes in mid-answer", "InvokeHaiku")
    name = f"gone-{uuid.uuid4().hex}"
    slowly(simulator, prompt)
    with line.open() as connection:
        send(connection, prompt, request_id=name)
        list(connection.until("delta"))

    traced = settled(deployment, name)

    told.found(traced)
    assert (traced.request["status"], traced.output) == ("SUCCEEDED", WORDS)
    assert outcomes(traced) == ["OK"]
    assert traced.attempts[0]["cost_status"] == "PRICED"
    with line.open() as later:
        send(later, prompt, request_id=name)
        assert text_of(list(later.until("done"))) == WORDS
    assert len(simulator.calls_with(prompt)) == 1


def test_a_function_that_dies_while_it_pushes_leaves_an_unknown_attempt_and_a_restart(
    deployment: Deployment,
    line: Line,
    emulator: Emulator,
    simulator: Simulator,
    tell: Tell,
    prompt: str,
) -> None:
    told = tell(
        "socket-killed",
        "invoke_model dies in mid-answer",
        "InvokeHaiku > PlanNextStep > NextStep > InvokeModel",
    )
    slowly(simulator, prompt, count=1)
    emulator.kill("invoke_model", after_ms=2500)
    with line.open() as connection:
        send(connection, prompt)
        frames = list(connection.until("done", "error"))

    traced = settled(deployment, frames[-1]["request_id"])
    told.found(traced)
    assert kinds(frames) == ["received", "begin", "delta", "restart", "delta", "done"]
    assert text_of(frames) == traced.output
    assert outcomes(traced) == ["UNKNOWN", "OK"]
    assert traced.attempts[0]["upper_estimate_usd"] > 0
    assert frames[-1]["cost_status"] == "UNKNOWN"


def test_another_model_replaces_what_a_model_said_before_it_failed(
    deployment: Deployment, line: Line, simulator: Simulator, tell: Tell, prompt: str
) -> None:
    told = tell(
        "socket-model-fails",
        "the stream breaks after 12 events",
        "InvokeSonnet > PlanNextStep > NextStep > InvokeModel",
    )
    slowly(simulator, prompt, match={"model": SONNET}, cut_after=12)
    with line.open() as connection:
        send(connection, prompt, tier="COMPLEX")
        frames = list(connection.until("done", "error"))

    traced = settled(deployment, frames[-1]["request_id"])
    told.found(traced)
    assert kinds(frames) == ["received", "begin", "delta", "restart", "delta", "done"]
    models = [frame["model"] for frame in frames if frame["type"] in ("begin", "restart")]
    assert models == [row["model"] for row in traced.attempts]
    assert text_of(frames) == traced.output
    assert outcomes(traced)[-1] == "OK"


def test_a_cancelled_answer_is_recorded_and_no_frame_follows(
    deployment: Deployment, line: Line, simulator: Simulator, tell: Tell, prompt: str
) -> None:
    told = tell("socket-cancelled", "cancel in mid-answer", "InvokeHaiku")
    name = f"cancelled-{uuid.uuid4().hex}"
    slowly(simulator, prompt)
    with line.open() as connection:
        send(connection, prompt, request_id=name)
        list(connection.until("delta"))
        connection.send({"action": "cancel", "request_id": name})
        list(connection.until("cancelled"))

        traced = settled(deployment, name)
        connection.send({"action": "ping"})
        late = list(connection.until("pong"))

    told.found(traced)
    assert "done" not in kinds(late)
    assert sum(len(frame["delta"]["content"]) for frame in late[:-1]) < len(WORDS) / 2
    assert (traced.request["status"], traced.output) == ("SUCCEEDED", WORDS)
    assert outcomes(traced) == ["OK"]


def test_a_run_that_is_aborted_ends_with_an_error_frame_and_its_cost(
    deployment: Deployment, line: Line, simulator: Simulator, tell: Tell, prompt: str
) -> None:
    told = tell("socket-aborted", "StopExecution in mid-answer", "InvokeHaiku > (record_outcome)")
    name = f"aborted-{uuid.uuid4().hex}"
    slowly(simulator, prompt, slow_ms=200)
    with line.open() as connection:
        send(connection, prompt, request_id=name)
        list(connection.until("delta"))
        row = client.trace(deployment, name, TENANT).request
        deployment.client("stepfunctions").stop_execution(executionArn=row["execution_arn"])
        frames = list(connection.until("error", "done"))

    traced = settled(deployment, name)
    told.found(traced)
    assert (frames[-1]["type"], frames[-1]["error"]["type"]) == ("error", "Aborted")
    assert frames[-1]["outcome"]["attempts"][0]["outcome"] == "UNKNOWN"
    assert traced.request["status"] == "FAILED"


def test_the_last_frame_comes_though_its_function_died_once(
    deployment: Deployment,
    line: Line,
    emulator: Emulator,
    simulator: Simulator,
    tell: Tell,
    prompt: str,
) -> None:
    told = tell("socket-end-lost", "push_outcome dies; the client asks again", "InvokeHaiku")
    name = f"end-{uuid.uuid4().hex}"
    slowly(simulator, prompt)
    emulator.kill("push_outcome", after_ms=100, count=1)
    with line.open() as connection:
        send(connection, prompt, request_id=name)
        list(connection.until("delta"))
        wait_for(lambda: emulator.deaths_to_come("push_outcome") == 0, "it never died")
        traced = settled(deployment, name)
        send(connection, prompt, request_id=name)
        frames = list(connection.until("done"))

    told.found(traced)
    assert frames[-1]["status"] == "SUCCEEDED"
    assert len(simulator.calls_with(prompt)) == 1
