from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from boto3.dynamodb.types import TypeDeserializer

from local import routing
from local.deployment import Deployment

_deserialize = TypeDeserializer().deserialize


def spend_totals(deployment: Deployment) -> Counter[str]:
    totals: Counter[str] = Counter()
    pages = (
        deployment.client("dynamodb")
        .get_paginator("scan")
        .paginate(TableName=deployment.spend_table, ConsistentRead=True)
    )
    for page in pages:
        for item in page["Items"]:
            for name, value in item.items():
                if "N" in value:
                    totals[name] += _deserialize(value)
    return totals


def test_200_executions_at_once_all_end_are_priced_and_sum_to_the_rows(
    deployment: Deployment,
) -> None:
    before = spend_totals(deployment)
    tiers = ["SIMPLE", "CALCULATION", "COMPLEX"]
    requests = [{"input": f"What is {n} plus {n}?", "tier": tiers[n % 3]} for n in range(200)]

    with ThreadPoolExecutor(16) as pool:
        started = pool.map(lambda request: routing.start(deployment, [request])[0], requests)
        ids = [arn.rsplit(":", 1)[1] for arn in started]
    traces = routing.wait_until_settled(deployment, ids, 240)

    assert Counter(traced.request.get("status") for traced in traces) == {"SUCCEEDED": 200}
    assert all(traced.priced for traced in traces)
    added = spend_totals(deployment) - before
    assert added["requests"] == 200
    assert added["attempts"] == 200
    for name in ("cost_usd", "baseline_usd"):
        rows = sum((row[name] for traced in traces for row in traced.attempts), Decimal(0))
        assert added[name] == rows
