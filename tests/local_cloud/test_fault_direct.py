"""Anthropic's own API as the second model of a chain, and what it does wrong."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from local import client
from local.deployment import Deployment
from tests.local_cloud.fault_table import Tell
from tests.local_cloud.simulator import Simulator
from tests.local_cloud.test_faults import DIRECT, OLDER, SONNET, THROTTLED

FIRST = (SONNET, "THROTTLED", "Throttled", 3)


@pytest.mark.parametrize(
    ("name", "action", "status", "attempts"),
    [
        (
            "anthropic-overloaded", {"status": 529}, "SUCCEEDED",
            [FIRST, (DIRECT, "OVERLOADED", "Overloaded", 3), (OLDER, "OK", None, 0)],
        ),
        (
            "anthropic-server-error", {"status": 500}, "SUCCEEDED",
            [FIRST, (DIRECT, "UNKNOWN", "ModelError", 0), (OLDER, "OK", None, 0)],
        ),
        (
            "anthropic-unauthorized", {"status": 401}, "FAILED",
            [FIRST, (DIRECT, "REJECTED", "AccessDenied", 0)],
        ),
    ],
)  # fmt: skip
def test_what_anthropics_own_api_does_is_told_from_what_bedrock_did(
    name: str,
    action: dict[str, Any],
    status: str,
    attempts: list[Any],
    deployment: Deployment,
    simulator: Simulator,
    tell: Tell,
) -> None:
    told = tell(
        name,
        f"{SONNET}: 429; {DIRECT}: {action['status']}, each time",
        f"InvokeSonnet{' > PlanNextStep > NextStep > InvokeModel' * (len(attempts) - 1)} > …",
    )
    prompt = f"{name} {uuid4().hex[:8]}"
    simulator.script(
        {"match": {"contains": prompt, "model": SONNET}, "count": None, **THROTTLED},
        {"match": {"contains": prompt, "model": DIRECT}, "count": None, **action},
    )

    [arn] = client.start(deployment, [{"input": prompt, "tier": "COMPLEX"}])
    run = client.wait_for_execution(deployment, arn, 90)
    [traced] = client.wait_until_settled(deployment, [run["name"]], 60)

    told.found(traced)
    assert traced.request["status"] == status
    assert [
        (row["model"], row["outcome"], row.get("cause"), int(row["retries"]))
        for row in traced.attempts
    ] == attempts
    assert len(simulator.calls_with(prompt)) == sum(1 + attempt[3] for attempt in attempts)
