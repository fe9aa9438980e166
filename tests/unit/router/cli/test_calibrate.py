from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from cost_calculator.aws.items import to_item
from cost_calculator.clock import iso
from cost_calculator.settlement import settle
from router.__main__ import main
from router.cli.jsonl import load
from tests.fakes.dynamodb import DynamoDB
from tests.support.cost_rows import HAIKU, PRICED_AT, RATES, SONNET, attempt, request
from tests.support.tables import USAGE

TODAY = f"{datetime.now(UTC):%Y-%m-%d}"


@pytest.fixture
def traffic(dynamodb: DynamoDB) -> DynamoDB:
    """Poems, on which the cheaper model fails, and questions, on which it does not."""
    for n in range(60):
        hard = n % 2
        prompt = f"Write a poem about a {n} rivers" if hard else f"Who is the mayor of town {n}?"
        key, route, model = f"r-{n}", ("SIMPLE", "COMPLEX")[hard], (HAIKU, SONNET)[hard]
        row = request(
            key,
            day_shard=f"{TODAY}#0",
            accepted_at=iso(datetime.now(UTC)),
            route=route,
            planned_provider="bedrock",
            planned_model=model,
            model=model,
            attempts=1,
        )
        weak = Decimal("0.2") if hard else Decimal("0.9")
        rows = [
            settle(row, RATES, PRICED_AT),
            settle(attempt(key, model=model), RATES, PRICED_AT),
            {"request_id": key, "item": "CONTENT", "tenant": "default", "input": json.dumps(
                {"messages": [{"role": "user", "content": prompt}], "system": None})},
            {"request_id": key, "item": "DUPLICATE", "tenant": "default", "outcome": "JUDGED",
             "strong": Decimal("0.9"), "weak": weak},
        ]  # fmt: skip
        for each in rows:
            dynamodb.put_item(TableName=USAGE, Item=to_item(dict(each)))
    return dynamodb


def test_one_command_learns_from_the_deployments_requests_and_writes_a_diff(
    traffic: DynamoDB, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "router.weights"

    assert main(["calibrate", "--since", "1d", "--out", str(out), "--usage-table", USAGE,
                 "--target-quality", "0.97", "--json"]) == 0  # fmt: skip

    shown = json.loads(capsys.readouterr().out)
    assert (shown["rows"], shown["sources"]) == (60, {"duplicates": 60})
    assert shown["quality_kept"] >= 0.97
    review = Path(shown["diff"]).read_text(encoding="utf-8")
    assert review.startswith("# Calibration: heuristic-")
    assert "60 duplicates" in review
    assert "| now: raise above never, lower below never |" in review
    assert f"+ {load(out).version}: raise above {shown['threshold']:.3f}" in review
    assert "(USD)" in review
    assert "60 prompts judged by both" in review
    assert "Nothing has changed." in review
    assert "mayor" not in review
    assert "poem" not in review


def test_sources_can_be_chosen_and_none_of_them_is_an_error_with_the_reason(
    traffic: DynamoDB, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "router.weights"

    code = main(["calibrate", "--since", "1d", "--from", "feedback", "--out", str(out),
                 "--usage-table", USAGE])  # fmt: skip

    assert code == 1
    assert "0 rows are too few" in capsys.readouterr().err
    assert not out.exists()


def test_a_file_has_a_diff_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"prompt": f"{('Who is mayor of', 'Write a poem about')[n % 2]} {n}", "weak": 1 - n % 2}
        for n in range(40)
    ]
    labels = tmp_path / "rows.jsonl"
    labels.write_text("\n".join(map(json.dumps, rows)))
    review = tmp_path / "review.md"

    assert main(["calibrate", "--labels", str(labels), "--out", str(tmp_path / "w"),
                 "--diff", str(review)]) == 0  # fmt: skip

    text = review.read_text(encoding="utf-8")
    assert "Learned from 40 rows: 40 labels." in text
    assert "Who would go elsewhere" not in text
    assert str(review) in capsys.readouterr().out


def test_a_file_is_one_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["calibrate", "--labels", "x", "--from", "split", "--out", str(tmp_path / "w")])

    assert "--since" in capsys.readouterr().err
