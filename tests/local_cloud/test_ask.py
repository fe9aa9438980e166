"""`faregate ask` as it is installed: in a checkout with a local cloud, and as on an account."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from local import chat, client, cloud
from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator
from tests.local_cloud.door import command, door_of
from tests.local_cloud.simulator import Simulator
from tests.support.patience import HANGS_SECONDS

PROGRAM = Path(sys.executable).with_name("faregate")


@pytest.fixture(scope="module")
def checkout(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout where `make up` left this cloud running."""
    folder = tmp_path_factory.mktemp("checkout")
    cloud.save(deployment.cloud, folder / "build" / "local" / "cloud.json")
    return folder


def faregate(
    at: Path, *words: str, stdin: str = "", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {n: v for n, v in os.environ.items() if n != "FAREGATE_NAME"} | dict(env or {})
    return subprocess.run(
        [PROGRAM, *words],
        cwd=at, env=environment, input=stdin, capture_output=True, text=True, timeout=HANGS_SECONDS,
        check=False,
    )  # fmt: skip


def asked(at: Path, *words: str, **how: Any) -> dict[str, Any]:
    done = faregate(at, "ask", *words, "--json", **how)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_answer_model_reason_and_cost_are_printed(checkout: Path) -> None:
    done = faregate(checkout, "ask", "What is the capital of France?")

    assert done.returncode == 0, done.stderr
    assert "Paris" in done.stdout
    assert "SIMPLE (confidence" in done.stdout
    assert "us.anthropic.claude-haiku-5-5 on bedrock, SUCCEEDED" in done.stdout
    assert "$ 0.0" in done.stdout
    assert "for workflow and Lambda (estimated)" in done.stdout
    assert "On the local cloud at" in done.stderr


def test_json_has_the_costs_of_the_rows(deployment: Deployment, checkout: Path) -> None:
    found = asked(checkout, "-", "--tier", "COMPLEX", "--tenant", "acme", stdin="Name a river.")

    [traced] = client.wait_until_settled(deployment, [found["request_id"]], 60, "acme")
    assert found["cost_status"] == "PRICED"
    assert found["cost_usd"] == f"{traced.cost_usd:f}"
    assert found["overhead_usd"] == f"{traced.overhead_usd:f}"
    assert (found["model"], found["tier"]) == ("us.anthropic.claude-sonnet-5-5", "COMPLEX")
    assert traced.request["tenant"] == "acme"


def test_the_same_id_is_asked_once_and_as_on_aws(deployment: Deployment, checkout: Path) -> None:
    same = ["Who wrote Faust?", "--request-id", f"ask-{uuid.uuid4().hex}"]
    first = asked(checkout, *same)

    again = asked(Path("/"), *same, env=deployment.cloud.env())

    assert again["output"] == first["output"]
    assert len(client.trace(deployment, same[-1]).attempts) == 1
    other = faregate(checkout, "ask", "Who wrote Emma?", *same[1:])
    assert other.returncode == 1
    assert "Conflict" in other.stderr


def test_a_request_that_no_model_answers_says_why_and_exits_1(
    checkout: Path, simulator: Simulator
) -> None:
    prompt = f"fail {uuid.uuid4().hex}"
    simulator.script({"match": {"contains": prompt}, "status": 400, "count": None})

    done = faregate(checkout, "ask", prompt, "--tier", "SIMPLE")

    assert done.returncode == 1
    assert "InvalidModelRequest: no model answered" in done.stderr


def test_a_price_that_does_not_come_in_time_is_not_a_0(checkout: Path, emulator: Emulator) -> None:
    with emulator.stream_off():
        done = faregate(checkout, "ask", "Who wrote Faust?", "--wait-for-cost", "1")

    assert done.returncode == 0, done.stderr
    assert "cost: not priced yet" in done.stdout
    assert "$" not in done.stdout


def test_the_other_commands_find_the_same_deployment(checkout: Path) -> None:
    for words in (["report"], ["reconcile"], ["budget", "show"], ["keys", "list"]):
        done = faregate(checkout, *words, "--json")

        assert done.returncode == 0, done.stderr
        json.loads(done.stdout)


def test_a_name_that_is_not_deployed_says_what_to_give(
    deployment: Deployment, checkout: Path
) -> None:
    done = faregate(checkout, "report", "--name", "nothere", env=deployment.cloud.env())

    assert done.returncode == 1
    assert "there is no deployment 'nothere' in us-east-1: give --name" in done.stderr


def test_a_chat_streams_turn_after_turn_and_sums_up_what_they_cost(
    checkout: Path, deployment: Deployment
) -> None:
    first, second = f"Name a river. {uuid.uuid4()}", f"And a city on it? {uuid.uuid4()}"
    door = door_of(deployment, "talks")

    done = faregate(
        checkout, "chat", "--url", door.url, "--key", door.key, "--model", "SIMPLE", "--json",
        stdin=f"{first}\n{second}\n/quit\n",
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    turns = [json.loads(line) for line in done.stdout.splitlines()]
    assert [turn["tier"] for turn in turns] == ["SIMPLE", "SIMPLE"]
    costs = [Decimal(turn["cost_usd"]) for turn in turns]
    assert min(costs) > 0
    assert Decimal(turns[-1]["session_usd"]) == sum(costs)


def test_make_chat_brings_a_key_of_its_own_and_deletes_it(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(chat, "existing", lambda _: deployment)
    monkeypatch.setattr(chat, "isolate", lambda: None)
    monkeypatch.setattr(cloud, "running", lambda: deployment.cloud)
    monkeypatch.setattr("sys.stdin", io.StringIO("What is the capital of France?\n"))

    assert chat.main([]) == 0

    shown = capsys.readouterr().out
    assert "Paris" in shown
    assert "[us.anthropic.claude-haiku-5-5, SIMPLE, $ 0.0" in shown
    keys = command(deployment, "list", "--json")
    assert chat.TENANT not in {key["tenant"] for key in json.loads(keys)}
