"""What Faregate says that it costs is what its requests left: write units, transitions."""

from __future__ import annotations

from typing import Any

import pytest

from cost_calculator.item_size import item_bytes
from cost_calculator.overhead import aws_prices
from cost_calculator.planning.mix import TYPICAL
from cost_calculator.planning.typical_rows import typical_attempt, typical_request
from cost_calculator.row_units import CELL_UNITS, attempt_units, request_units
from local import client
from local.deployment import Deployment
from tests.local_cloud.simulator import Simulator
from tests.support.metered import images, units

WAIT = 90
# A typical request of planning.typical_rows, and one with three times the text.
PROMPTS = {"short": 300, "long": 1_000}
ANSWERS = {"short": 200, "long": 600}


def text(start: str, tokens: int) -> str:
    """Return prose of four bytes a token."""
    return (f"{start}: tell me more about the history of the town. " * tokens)[: 4 * tokens]


def settled(
    deployment: Deployment, simulator: Simulator, kind: str, **fields: Any
) -> client.Traced:
    prompt = text(f"own cost {kind} {len(fields)}", PROMPTS[kind])
    answer = text("It was", ANSWERS[kind])
    simulator.script({"match": {"contains": prompt[:40]}, "text": answer})
    [arn] = client.start(deployment, [{"input": prompt, "tier": "SIMPLE", **fields}])
    name = client.wait_for_execution(deployment, arn, WAIT)["name"]
    tenant = fields.get("tenant", "default")
    [traced] = client.wait_until_settled(deployment, [name], WAIT, tenant)
    assert traced.settled, traced
    return traced


def billed(deployment: Deployment, traced: client.Traced) -> int:
    """Return the units that the request's writes took, and those of its sum and its budgets."""
    table = deployment.client("dynamodb").describe_table(TableName=deployment.usage_table)
    stream = images(deployment.client("dynamodbstreams"), table["Table"]["LatestStreamArn"])
    key = traced.request["request_id"]
    budgets = traced.request.get("budgets", "").split(",") if "budgets" in traced.request else []
    own = [image for image in stream if image["request_id"]["S"] == key]
    return units(own) + CELL_UNITS + 4 * len(budgets)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("short", {}),
        ("long", {}),
        ("short", {"metadata": {"team": "-" * 250, "why": "-" * 250}}),
        ("short", {"tenant": "frugal"}),
    ],
    ids=["typical", "long texts", "long rows", "budgets"],
)
def test_the_units_that_a_request_is_said_to_take_are_those_of_its_writes(
    deployment: Deployment, simulator: Simulator, kind: str, fields: dict[str, Any]
) -> None:
    traced = settled(deployment, simulator, kind, **fields)
    taken = billed(deployment, traced)

    # Of rows that wait for their price, as price_rows saw them.
    waiting = {**traced.request, "queue": "ACCEPTED#0", "queued_at": traced.request["accepted_at"]}
    del waiting["overhead_usd"]
    said = request_units(waiting) + sum(map(attempt_units, traced.attempts))

    assert taken * 0.9 <= said <= taken * 1.1
    priced = said * aws_prices()["dynamodb_write_unit"]
    overhead = sum(row["overhead_usd"] for row in (traced.request, *traced.attempts))
    assert priced < overhead


def test_a_plan_counts_a_typical_request_as_one_that_really_came(
    deployment: Deployment, simulator: Simulator
) -> None:
    traced = settled(deployment, simulator, "short", metadata={})
    taken = billed(deployment, traced)

    [attempt] = traced.attempts
    waits = {name: attempt[name] for name in ("lambda_ms", "lambda_mb")}
    planned = typical_request(TYPICAL, transitions=3, analyze_ms=25, analyze_mb=512)
    said = request_units(planned) + attempt_units(typical_attempt(TYPICAL, **waits))

    assert taken * 0.9 <= said <= taken * 1.1
    assert taken <= 24
    assert item_bytes(traced.request) == pytest.approx(item_bytes(planned), rel=0.1)
