"""A tenant sees its own figures, of a time it names, and gaps as gaps."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cost_calculator.aws.ledger_store import LedgerStore
from tests.fakes.api import Aws, Client
from tests.support.tables import SPEND, USAGE

CELL = {"day": "2026-11-21#3", "cell": "acme#haiku#SIMPLE", "cost_usd": Decimal("0.5")}


def usage(**query: str) -> tuple[int, dict[str, Any]]:
    return Client(Aws(), cells=[{**CELL, "attempts": Decimal(1)}]).call(
        "GET", "/usage", query=query
    )[:2]


def test_the_figures_are_grouped_as_asked() -> None:
    status, report = usage(since="2d", by="tier")

    assert status == 200
    assert (report["from_day"], report["to_day"]) == ("2026-11-19", "2026-11-21")
    assert report["lines"][0]["tier"] == "SIMPLE"
    assert report["total"]["cost_usd"] == "0.5"


@pytest.mark.parametrize(
    "query",
    [{"since": "32d"}, {"since": "1"}, {"since": "0d"}, {"by": "tenant"}, {"tenant": "other"}],
)
def test_another_query_is_a_400(query: dict[str, str]) -> None:
    status, answer = usage(**query)

    assert (status, answer["error"]["type"]) == (400, "InvalidRequest")


@pytest.fixture
def ledger(dynamodb: Any) -> LedgerStore:
    for cell in ("acme#haiku#SIMPLE", "acme2#haiku#SIMPLE", "other#haiku#SIMPLE"):
        dynamodb.put_item(TableName=SPEND, Item={"day": {"S": "2026-11-21#3"}, "cell": {"S": cell}})
    return LedgerStore(dynamodb, USAGE, SPEND)


def test_cells_of_other_tenants_are_not_read(ledger: LedgerStore) -> None:
    cells = list(ledger.cells_of_tenant(["2026-11-21#3"], "acme"))

    assert [cell["cell"] for cell in cells] == ["acme#haiku#SIMPLE"]
