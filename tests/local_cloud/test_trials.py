"""Strategies on trial on the real machine: what they leave on rows, and their reports."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from local import client
from local.deployment import Deployment
from router import __main__ as router
from tests.local_cloud.cloud_control import Emulator

WAIT = 90
# Every prompt is harder than this score, so the other strategy serves what is SIMPLE elsewhere.
ALL_UP = {"share": 0.5, "strategy": "heuristic", "raise_above": 0, "lower_below": 0}


@pytest.fixture(scope="module")
def on_trial(deployment: Deployment, emulator: Emulator) -> Iterator[Deployment]:
    """The deployment with a shadow of all requests and a split of half of them."""
    trials = {"shadow": ALL_UP | {"share": 1}, "split": ALL_UP}
    with emulator.configured(routing=emulator.config_of()["routing"] | trials):
        yield deployment


def test_both_arms_serve_and_both_reports_count_them(
    on_trial: Deployment,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in on_trial.cloud.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("USAGE_TABLE", on_trial.outputs["tables"]["usage"]["name"])
    ids = [f"trial-{n}" for n in range(10)]
    asked = [
        {"input": "What is the capital of France?", "request_id": name, "tenant": "tried"}
        for name in ids
    ]
    for arn in client.start(on_trial, asked):
        assert client.wait_for_execution(on_trial, arn, WAIT)["status"] == "SUCCEEDED"

    traced = client.wait_until_settled(on_trial, ids, WAIT, "tried")

    rows = [each.request for each in traced]
    served = {(row["arm"], row["route"], "shadow" in row) for row in rows}
    assert served == {("A", "SIMPLE", True), ("B", "COMPLEX", False)}
    arguments = ["report", "--tenant", "tried", "--since", "1d", "--json"]
    assert router.main(["split", *arguments]) == 0
    [split] = json.loads(capsys.readouterr().out)
    one, other = split["arms"]
    assert one["requests"] + other["requests"] == len(ids)
    assert split["cost_difference_usd"]["value"] > 0
    assert router.main(["shadow", *arguments]) == 0
    [shadow] = json.loads(capsys.readouterr().out)
    [up] = shadow["disagreements"]
    assert up["requests"] == one["requests"]
    assert up["unknown_cost"] == 0
    assert float(up["shadow_cost_usd"]) > float(up["cost_usd"]) > 0
