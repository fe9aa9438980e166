from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from cost_calculator.aws.items import to_item
from cost_calculator.clock import iso
from cost_calculator.settlement import settle
from router.__main__ import main
from tests.fakes.dynamodb import DynamoDB
from tests.support.cost_rows import HAIKU, PRICED_AT, RATES, SONNET, attempt, request
from tests.support.tables import USAGE

TODAY = f"{datetime.now(UTC):%Y-%m-%d}"
UP = {"by": "heuristic new >0.6 <0", "route": "COMPLEX", "provider": "bedrock", "model": SONNET}


def put(dynamodb: DynamoDB, key: str, **marks: Any) -> None:
    fields = {
        "day_shard": f"{TODAY}#0",
        "accepted_at": iso(datetime.now(UTC)),
        "route": "SIMPLE",
        "planned_model": HAIKU,
        "attempts": 1,
    }
    for row in (
        request(key, **fields | marks),
        attempt(key, tenant=marks.get("tenant", "default")),
    ):
        dynamodb.put_item(TableName=USAGE, Item=to_item(settle(row, RATES, PRICED_AT)))


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main([*words, "--usage-table", USAGE]) == 0
    return capsys.readouterr().out


def test_the_shadows_report_reads_the_rows(
    dynamodb: DynamoDB, capsys: pytest.CaptureFixture[str]
) -> None:
    put(dynamodb, "r-1", shadow=UP)
    put(dynamodb, "r-2")
    put(dynamodb, "acme/r-3", shadow=UP, tenant="acme")

    assert "2 requests, 2 decided otherwise" in printed(capsys, "shadow", "report")
    of_one = json.loads(printed(capsys, "shadow", "report", "--tenant", "acme", "--json"))
    assert of_one[0]["disagreements"][0]["requests"] == 1
    assert of_one[0]["disagreements"][0]["unknown_cost"] == 0


def test_the_splits_report_reads_the_rows(
    dynamodb: DynamoDB, capsys: pytest.CaptureFixture[str]
) -> None:
    for arm in "AB":
        for n in range(6):
            marks = {"arm": arm, "strategy": f"by {arm}", "arm_key": f"{arm}{n}"}
            put(dynamodb, f"{arm}-{n}", feedback="good", **marks)

    text = printed(capsys, "split", "report", "--since", "1d")

    assert "arm B: by B" in text
    assert "6 requests in 6 sessions, 6 answered; SIMPLE 6" in text
    [found] = json.loads(printed(capsys, "split", "report", "--json"))
    assert found["cost_difference_usd"]["value"] == 0


@pytest.mark.parametrize("trial", ["shadow", "split"])
def test_without_a_trial_the_report_names_the_setting(
    dynamodb: DynamoDB, capsys: pytest.CaptureFixture[str], trial: str
) -> None:
    put(dynamodb, "r-1")

    assert f"`routing.{trial}`" in printed(capsys, trial, "report")
