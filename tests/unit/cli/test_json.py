"""``--json`` is one JSON value, or one a line, with the facts that the text has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cost_calculator.aws.items import to_item
from router.cli import registry
from tests.support.cost_rows import request
from tests.support.tables import CONTROL, SPEND, USAGE

TABLES = {"usage": USAGE, "spend": SPEND, "control": CONTROL}


@pytest.fixture(autouse=True)
def _tables(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, table in TABLES.items():
        monkeypatch.setenv(f"{name.upper()}_TABLE", table)


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    assert registry.main(["--json", *words]) == 0
    return json.loads(capsys.readouterr().out)


def test_keys(capsys: pytest.CaptureFixture[str]) -> None:
    made = printed(capsys, "keys", "create", "--tenant", "acme", "--label", "web")

    [listed] = printed(capsys, "keys", "list")
    assert made["key"].startswith("sk-fg-")
    assert (listed["id"], listed["tenant"], listed["label"]) == (made["id"], "acme", "web")
    assert "key" not in listed
    assert printed(capsys, "keys", "revoke", made["id"]) == {"revoked": made["id"]}
    assert printed(capsys, "keys", "list") == []


def test_reports_of_empty_tables(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = tmp_path / "page.html"

    assert printed(capsys, "report")["lines"] == []
    assert printed(capsys, "reconcile")["differences"] == []
    assert isinstance(printed(capsys, "reprice"), dict)
    assert printed(capsys, "budget", "show") == []
    assert printed(capsys, "breaker", "show") == []
    assert printed(capsys, "dashboard", "--out", str(page)) == {
        "page": str(page), "bytes": page.stat().st_size,
    }  # fmt: skip


def test_feedback(dynamodb: Any, capsys: pytest.CaptureFixture[str]) -> None:
    row = request("r-1", cost_status="PRICED", baseline_model="sonnet")
    dynamodb.put_item(TableName=USAGE, Item=to_item(row))

    found = printed(capsys, "feedback", "r-1", "good")

    assert found == {"request_id": "r-1", "verdict": "good"}


def test_an_estimate_of_a_batch(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "prompts.jsonl"
    file.write_text('{"input": "Who wrote Faust?"}\n' * 2)

    found = printed(capsys, "batch", "submit", str(file), "--dry-run")

    assert found["prompts"] == 2
    assert sum(tier["prompts"] for tier in found["tiers"]) == 2
    assert float(found["models_usd"]) > 0
    assert found["unpriced"] == {}


def test_a_calibration(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    labels, weights = tmp_path / "rows.jsonl", tmp_path / "router.weights"
    lines = [
        {"prompt": f"{text} {n}", "weak": weak}
        for n in range(40)
        for text, weak in (("Write a poem about river", 0), ("Who is the mayor of town", 1))
    ]
    labels.write_text("\n".join(map(json.dumps, lines)))

    found = printed(capsys, "calibrate", "--labels", str(labels), "--out", str(weights))

    assert found["rows"] == 80
    assert found["weights"] == str(weights)
    assert 0 <= found["threshold"] <= 1
    assert found["curve"]
