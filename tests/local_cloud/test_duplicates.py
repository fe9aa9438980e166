"""A second answer and two judgements through the real queue, and what they leave behind."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from local import client
from local.deployment import Deployment
from router import __main__ as router
from router.aws.usage_table import UsageStore
from tests.local_cloud.cloud_control import Emulator

WAIT = 120
PROMPT = "Prove that the square root of 2 is irrational, and explain each step of the proof."
ALL = {"share": 1}


@pytest.fixture(scope="module")
def drawing(deployment: Deployment, emulator: Emulator) -> Iterator[Deployment]:
    """The deployment with a duplicate of every COMPLEX request."""
    with emulator.configured(
        routing=emulator.config_of()["routing"] | {"duplicate": ALL},
        analyzer={"strategy": "heuristic"},
        workflow_budgets={"duplicates": {"day_usd": 1, "soft_share": 1}},
    ):
        yield deployment


@pytest.fixture
def look(drawing: Deployment, monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[str, int]]:
    """One look, as the schedule starts it, by the handler itself."""
    for name, value in drawing.cloud.env().items():
        monkeypatch.setenv(name, value)
    for name, value in {
        "USAGE_TABLE": drawing.outputs["tables"]["usage"]["name"],
        "ANSWERS_BUCKET": drawing.outputs["answers_bucket"]["name"],
        "QUEUE_URL": drawing.outputs["queue"]["url"],
        "INPUT_BYTES_LIMIT": "131072",
        "JUDGE_TIER": "COMPLEX",
    }.items():
        monkeypatch.setenv(name, value)
    sys.modules.pop("router.handlers.duplicate", None)
    handler = importlib.import_module("router.handlers.duplicate")
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)

    def looked() -> dict[str, int]:
        found: dict[str, int] = handler.handler({}, context)
        return found

    return looked


def test_a_complex_request_is_answered_again_and_judged_and_forget_covers_it(
    drawing: Deployment,
    look: Callable[[], dict[str, int]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = {"input": PROMPT, "request_id": "twice", "tenant": "learns"}
    [arn] = client.start(drawing, [asked])
    assert client.wait_for_execution(drawing, arn, WAIT)["status"] == "SUCCEEDED"
    store = UsageStore(drawing.client("dynamodb"), drawing.outputs["tables"]["usage"]["name"])

    def rows() -> dict[str, Any]:
        return store.rows_of("learns/twice")

    def made_due() -> None:
        """Let the time pass after which it is looked at again."""
        drawing.client("dynamodb").update_item(
            TableName=drawing.outputs["tables"]["usage"]["name"],
            Key={"request_id": {"S": "learns/twice"}, "item": {"S": "DUPLICATE"}},
            UpdateExpression="SET queued_at = :at",
            ExpressionAttributeValues={":at": {"S": "2026-01-01T00:00:00.000Z"}},
        )

    assert look() == {"sent": 1}
    for _ in range(2):
        sent = [key.split("/")[1] for key in rows()["DUPLICATE"]["steps"]]
        client.wait_until_settled(drawing, sent, WAIT, "learns")
        made_due()
        done = look()
    duplicate = rows()["DUPLICATE"]
    assert done == {duplicate["outcome"]: 1}

    answer, *judgements = [store.rows_of(key) for key in duplicate["steps"]]
    assert len(judgements) == 2
    assert answer["REQUEST"]["route"] == "SIMPLE"
    assert {each["REQUEST"]["route"] for each in judgements} == {"COMPLEX"}
    for each in (answer, *judgements):
        attempt = each["ATTEMPT#01"]
        assert attempt["purpose"] == "duplicate"
        assert attempt["cost_usd"] > 0
        assert attempt["baseline_usd"] == 0
        assert each["REQUEST"]["budgets"].startswith("workflow")

    forget = ["forget", "--request-id", "twice", "--tenant", "learns"]
    assert router.main(forget) == 0
    assert json.loads(capsys.readouterr().out)["requests"] == 4
    assert "CONTENT" not in store.rows_of(duplicate["steps"][0])
