"""A report adds up, keeps what has no price in sight, and calls a loss a loss."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from cost_calculator.__main__ import main
from cost_calculator.aws.items import to_item
from cost_calculator.reports import net_savings, roll_up, savings_in_words
from cost_calculator.stream import price_records
from tests.support.cost_rows import HAIKU, PRICED_AT, RATES, SONNET, attempt, record, request
from tests.support.tables import SPEND, USAGE

NOW = datetime.now(UTC)
TABLES = ["--usage-table", USAGE, "--spend-table", SPEND]


def at(days_ago):
    moment = NOW - timedelta(days=days_ago)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.fixture
def spent(dynamodb, store):
    times = {"started_at": at(0), "ended_at": at(0)}
    rows = [
        request("r-1", ended_at=at(0)),
        attempt("r-1", **times),
        attempt("r-2", model=SONNET, tier="COMPLEX", tenant="acme", **times),
        attempt("r-3", model="mystery", **times),
        attempt("r-4", outcome="UNKNOWN", usage=None, served=False, **times),
        attempt("r-5", started_at=at(3), ended_at=at(3)),
        attempt("r-6", started_at=at(30), ended_at=at(30)),
    ]
    for row in rows:
        dynamodb.put_item(TableName=USAGE, Item=to_item(row))
    price_records([record(row, n) for n, row in enumerate(rows)], store, RATES, PRICED_AT)


def report(capsys, *arguments):
    assert main(["report", *arguments, *TABLES]) == 0
    return capsys.readouterr().out


def test_json_lines_add_up_to_the_total_of_the_days_asked_for(spent, capsys):
    for by in ("model", "tenant", "tier", "workflow", "day"):
        found = json.loads(report(capsys, "--json", "--by", by))

        lines = sum(Decimal(line.get("cost_usd", "0")) for line in found["lines"])
        # two short answers by Haiku, one by Sonnet; the call of 30 days ago is not in it
        assert lines == Decimal(found["total"]["cost_usd"]) == Decimal("0.00013794")
        assert found["gaps"]["unpriced"] == found["gaps"]["unknown"] == "1"


@pytest.fixture
def of_sessions(dynamodb, store):
    times = {"started_at": at(0), "ended_at": at(0)}
    rows = [
        attempt("r-1", session_id="s-1", **times),
        attempt("r-2", session_id="s-1", model=SONNET, tier="COMPLEX", **times),
        attempt("r-3", session_id="s-1", tenant="acme", **times),
        attempt("r-4", **times),
    ]
    for row in rows:
        dynamodb.put_item(TableName=USAGE, Item=to_item(row))
    price_records([record(row, n) for n, row in enumerate(rows)], store, RATES, PRICED_AT)


def test_sessions_are_their_tenants_own_and_what_cost_most_comes_first(of_sessions, capsys):
    found = json.loads(report(capsys, "--json", "--by", "session"))["lines"]
    one = json.loads(report(capsys, "--json", "--session", "s-1"))
    other = json.loads(report(capsys, "--json", "--session", "s-1", "--tenant", "acme"))

    assert [line["session"] for line in found] == ["s-1", "acme/s-1"]
    assert [line["model"] for line in one["lines"]] == [SONNET, HAIKU]
    assert one["total"]["cost_usd"] == found[0]["cost_usd"]
    assert other["total"]["attempts"] == "1"
    # All requests, once.
    assert json.loads(report(capsys, "--json"))["total"]["attempts"] == "4"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--session", "s-1", "--by", "tier"], "--session goes with"),
        (["--tenant", "acme"], "--tenant goes with"),
        (["--session", "s/1"], "the `session_id` of its requests"),
    ],
)
def test_what_a_session_s_report_cannot_show_is_refused(words, says, capsys):
    with pytest.raises(SystemExit):
        main(["report", *words, *TABLES])
    assert says in capsys.readouterr().err


def test_since_takes_whole_days(spent, capsys):
    found = json.loads(report(capsys, "--json", "--since", "4w", "--by", "day"))

    assert [line["day"] for line in found["lines"]] == [at(3)[:10], at(0)[:10]]


def test_long_time_spans_give_the_same_figures(spent, capsys):
    month = json.loads(report(capsys, "--json", "--since", "40d"))
    years = json.loads(report(capsys, "--json", "--since", "4000d"))

    assert years["total"] == month["total"]
    assert Decimal(years["total"]["cost_usd"]) == Decimal("0.00014421")


def test_csv_is_exact_and_names_the_gaps(spent, capsys):
    rows = list(csv.reader(io.StringIO(report(capsys, "--csv", "--savings"))))

    assert rows[0][0] == "model"
    by_name = {row[0]: row for row in rows}
    assert by_name[HAIKU][rows[0].index("cost_usd")] == "0.00001254"
    assert by_name["UNPRICED"][2] == by_name["UNKNOWN"][2] == "1"
    assert "mystery" in by_name


def test_table_shows_unpriced_and_unknown_in_rows_of_their_own(spent, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")

    text = report(capsys, "--savings")

    assert "unpriced: tokens are known, the price is not" in text
    assert "at most 0.0011308" in text
    assert "0.00013794" in text
    assert "Not in this figure: 1 unpriced, 1 unknown attempts." in text


def test_model_without_a_price_shows_no_cost_rather_than_0(spent, capsys):
    rows = list(csv.reader(io.StringIO(report(capsys, "--csv", "--savings"))))
    lines = json.loads(report(capsys, "--json"))["lines"]

    (mystery,) = [dict(zip(rows[0], row, strict=False)) for row in rows if row[0] == "mystery"]
    assert (mystery["cost_usd"], mystery["net_savings_usd"]) == ("", "")
    (line,) = [line for line in lines if line["model"] == "mystery"]
    assert not {"cost_usd", "net_savings_usd"} & set(line)


def test_tenant_with_a_separator_in_its_name_stays_whole():
    cells = [{"day": "2026-11-21#1", "cell": "a#b#model-x#SIMPLE", "attempts": Decimal(1)}]

    assert list(roll_up(cells, "tenant").lines) == ["a#b"]
    assert list(roll_up(cells, "model").lines) == ["model-x"]


def test_losing_set_up_is_called_a_loss():
    total = {
        "attempts": Decimal(1),
        "cost_usd": Decimal("0.5"),
        "overhead_usd": Decimal("0.2"),
        "baseline_usd": Decimal("0.6"),
    }

    assert net_savings(total) == Decimal("-0.1")
    assert "LOST $0.100000" in savings_in_words(total)


@pytest.mark.parametrize("since", ["7", "d", "-1d", "1y"])
def test_bad_time_span_says_what_to_write(since, capsys):
    with pytest.raises(SystemExit):
        main(["report", f"--since={since}", *TABLES])

    assert "such as 7d" in capsys.readouterr().err


def test_missing_table_name_says_how_to_name_it(dynamodb, monkeypatch):
    monkeypatch.delenv("USAGE_TABLE", raising=False)

    with pytest.raises(SystemExit, match=r"give --name and --region.*USAGE_TABLE"):
        main(["report"])
