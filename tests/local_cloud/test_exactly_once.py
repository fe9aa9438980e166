"""The stream at its worst, and the sums all the same."""

from __future__ import annotations

from typing import Any

import requests

from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.cli.reconcile import reconcile_tables
from cost_calculator.reconciliation import Reconciliation
from local import client
from local.deployment import Deployment
from tests.support.patience import HANGS_SECONDS

TIERS = ("SIMPLE", "CALCULATION", "COMPLEX")


def emulator(deployment: Deployment, method: str, path: str, body: Any = None) -> Any:
    with requests.Session() as session:
        session.trust_env = False
        url = f"{deployment.cloud.emulator_url}/_local/{path}"
        answer = session.request(method, url, json=body, timeout=HANGS_SECONDS)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def drained(deployment: Deployment) -> bool:
    streams = emulator(deployment, "GET", "streams")["streams"]
    return not any(stream["pending"] for stream in streams)


def reconciled(deployment: Deployment) -> Reconciliation:
    aws = deployment.client("dynamodb")
    tables = (deployment.usage_table, deployment.spend_table, deployment.control_table)
    return reconcile_tables(LedgerStore(aws, *tables))


def test_duplicates_shuffles_kills_and_replays_change_no_sum(deployment: Deployment) -> None:
    price_rows = deployment.outputs["functions"]["price_rows"]["name"]
    emulator(deployment, "POST", "streams", {"duplicate": 1, "shuffle": 7})
    emulator(deployment, "POST", "kill", {"function": price_rows, "count": 4, "after_ms": 30})
    try:
        arns = client.start(
            deployment, [{"input": f"once {n}", "tier": TIERS[n % 3]} for n in range(60)]
        )
        ids = [arn.rsplit(":", 1)[1] for arn in arns]
        traces = client.wait_until_settled(deployment, ids, 180)
        assert all(traced.priced for traced in traces)
        before = reconciled(deployment)

        for seed in (1, 2, 3):
            emulator(deployment, "POST", "streams", {"shuffle": seed})
            emulator(deployment, "POST", "streams", {"replay": True})
            assert client.eventually(lambda: drained(deployment), 120)
    finally:
        emulator(deployment, "POST", "streams", {"duplicate": 0, "shuffle": None})

    after = reconciled(deployment)
    assert after.differences == ()
    assert after.pending == 0
    assert after.total == before.total
