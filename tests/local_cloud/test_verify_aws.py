"""`make verify-aws`, here on the local cloud: the same checks in the same order."""

from __future__ import annotations

import pytest

from local.deployment import Deployment
from tools.verify_aws.checking import run_checks
from tools.verify_aws.claims import CLAIMS, Claim
from tools.verify_aws.target import Target

# A check keeps functions from starting, and sets off an alarm.
pytestmark = pytest.mark.runs("late")


@pytest.fixture(scope="module")
def target(deployment: Deployment) -> Target:
    sockets = deployment.outputs["websocket"]
    base = deployment.cloud.emulator_url.replace("http://", "ws://")
    return Target(
        deployment.outputs,
        deployment.client,
        deployment.api_url,
        deployment.cloud.env(),
        patience=60,
        websocket_url=f"{base}/_aws/execute-api/{sockets['api_id']}/{sockets['stage']}",
    )


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda it: it.name)
def test_a_claim_holds(claim: Claim, target: Target) -> None:
    [result] = run_checks(target, [claim])

    assert result.held, result.seen
    assert result.seen
