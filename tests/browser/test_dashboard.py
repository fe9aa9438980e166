"""The page says what the rows say, to the last digit, and everybody can read it."""

import random
from decimal import Decimal

import boto3
import pytest
from axe_playwright_python.sync_playwright import Axe
from moto import mock_aws

from cost_calculator.aws.items import to_item
from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.cells import Cell
from cost_calculator.dashboard.document import (
    Budget,
    Failures,
    Sessions,
    Snapshot,
    Unpriced,
    document,
)
from cost_calculator.dashboard.page import render
from cost_calculator.reconciliation import reconcile
from cost_calculator.reports import GAPS, net_savings, nothing_priced, savings_in_words
from cost_calculator.settlement import settle
from cost_calculator.stream import price_records
from tests.support.cost_rows import HAIKU, PRICED_AT, RATES, SONNET, attempt, record, request
from tests.support.tables import SPEND, USAGE, create_tables

DAYS = [f"2026-11-{day}" for day in range(12, 22)]
TENANTS = ("default", "acme", "support-bot")
NASTY = '</script><img src=x onerror="window.hacked=1">'


def made_rows():
    """Return rows of every kind: answered, cached, failed, unpriced, unknown, invalid."""
    dice = random.Random(7)
    rows = []
    for n in range(60):
        day = dice.choice(DAYS)
        times = {"started_at": f"{day}T10:00:00.000Z", "ended_at": f"{day}T10:00:01.000Z"}
        model, tier = dice.choice([(HAIKU, "SIMPLE"), (SONNET, "COMPLEX"), ("mystery", "SIMPLE")])
        same = {"tenant": dice.choice(TENANTS), "tier": tier}
        usage = dice.choice([
            f'{{"inputTokens": {dice.randrange(9000)}, "outputTokens": {dice.randrange(900)}}}',
            f'{{"inputTokens": 7, "outputTokens": 9, "cacheReadInputTokens": {dice.randrange(9)}}}',
            '{"inputTokens": -1, "outputTokens": 9}',
            None,
        ])  # fmt: skip
        outcome = dice.choice(["OK", "OK", "CACHED"]) if usage else "UNKNOWN"
        answer = attempt(f"r-{n}", model=model, usage=usage, outcome=outcome, **same, **times)
        status = "SUCCEEDED" if usage else "FAILED"
        asked = request(f"r-{n}", status=status, model=model if usage else None, **same, **times)
        rows += [asked, answer]
    return rows


ROWS = made_rows()


@pytest.fixture(scope="module")
def cells():
    """The cells that the product itself writes of the rows."""
    with mock_aws():
        client = boto3.client(
            "dynamodb", region_name="us-east-1",
            aws_access_key_id="testing", aws_secret_access_key="testing",
        )  # fmt: skip
        create_tables(client)
        for row in ROWS:
            client.put_item(TableName=USAGE, Item=to_item(row))
        store = LedgerStore(client, USAGE, SPEND, sleep=lambda _seconds: None)
        records = [record(row, n) for n, row in enumerate(ROWS)]
        assert price_records(records, store, RATES, PRICED_AT)
        return list(store.all_cells())


def snapshot(cells, **changes):
    found = {
        "source": "a test",
        "at": "2026-11-21T12:00:00+00:00",
        "days": DAYS,
        "cells": cells,
        "pending": [],
        "pending_more": False,
        "failures": Failures([], 0, None),
        "budgets": [],
    }
    return Snapshot(**{**found, **changes})


def html(cells, **changes):
    return render(document(snapshot(cells, **changes)))


def reconciled(keep=lambda _row: True):
    """Return what the rows alone add up to."""
    return reconcile((settle(row, RATES, PRICED_AT) for row in ROWS if keep(row)), []).total


def usd(value):
    return f"{'−' if value < 0 else ''}${abs(value):,.6f}"


def test_every_figure_is_that_of_reconcile(cells, open_page):
    opened = open_page(html(cells))
    opened.choose(**{"from": DAYS[0]})

    total = reconciled()
    assert opened.text("#spent .figure") == usd(total["cost_usd"] + total["overhead_usd"])
    assert opened.text("#saved .figure") == usd(net_savings(total))
    assert opened.text("#requests .figure") == str(total["requests"])
    assert opened.text("#requests .note").startswith(f"{total['failures']} failed")
    assert opened.text("#sentence") == savings_in_words(total)
    assert total["cache_hits"]
    assert f"{total['cache_hits']} answers came from the exact cache" in opened.text("#cache")
    assert opened.text("#unknown .figure") == str(sum(total.get(name, 0) for name in GAPS))
    assert f"at most {usd(total['upper_estimate_usd'])}" in opened.text("#unknown")


@pytest.mark.parametrize(
    ("table", "part"), [("days", "day"), ("tenants", 0), ("models", 1), ("tiers", 2)]
)
def test_every_line_of_a_table_is_that_of_reconcile(cells, open_page, table, part):
    opened = open_page(html(cells))
    opened.choose(**{"from": DAYS[0]})

    def group(row):
        cell = Cell.of(row)
        return cell.day.split("#")[0] if part == "day" else cell.cell.rsplit("#", 2)[part]

    lines = opened.page.evaluate("id => document.getElementById(id).innerText", f"table-{table}")
    shown = opened.rows(f"#table-{table}")
    names = {group(row) for row in ROWS}
    assert set(shown) == {*names, "all"}, lines
    for name in names:
        total = reconciled(lambda row, name=name: group(row) == name)
        assert shown[name]["requests"] == str(total.get("requests", 0))
        assert shown[name]["workflow"] == usd(total["overhead_usd"])
        unpriced = sum(total.get(gap, 0) for gap in ("unpriced", "unknown", "invalid_usage"))
        assert shown[name]["not priced"] == str(unpriced)
        if nothing_priced(total):
            assert shown[name]["models"] == "not known"  # never $0
        else:
            assert shown[name]["models"] == usd(total.get("cost_usd", Decimal(0)))
            assert shown[name]["net savings"] == usd(net_savings(total))


def test_filters_work_together(cells, open_page):
    opened = open_page(html(cells))
    opened.choose(**{"from": "2026-11-14", "to": "2026-11-19", "tenant": "acme", "model": HAIKU})

    def keep(row):
        day = row["ended_at"][:10]
        return (
            "2026-11-14" <= day <= "2026-11-19"
            and row["tenant"] == "acme"
            and row.get("model") == HAIKU
        )

    total = reconciled(keep)
    assert 0 < total["requests"] < reconciled()["requests"]
    assert opened.text("#spent .figure") == usd(total["cost_usd"] + total["overhead_usd"])
    assert opened.text("#shown").endswith(f"acme, {HAIKU}: {total['requests']} requests")
    opened.page.click("text=Show all")
    opened.page.wait_for_function("document.querySelector('#shown').textContent.includes('all te')")
    assert opened.text("#shown").startswith("2026-11-12 to 2026-11-21, all tenants, all models")


def test_what_is_not_known_is_red_and_what_is_known_is_not(cells, open_page):
    def alarmed(opened):
        return "alarm" in opened.page.get_attribute("#unknown", "class")

    waiting = [Unpriced(DAYS[-1], "acme", HAIKU, 3)]
    fine = [cell for cell in cells if not set(GAPS) & set(cell)]
    assert alarmed(open_page(html(cells)))
    assert not alarmed(open_page(html(fine)))
    opened = open_page(html(fine, pending=waiting, pending_more=True))
    assert alarmed(opened)
    assert opened.text("#unknown .figure") == "3 or more"
    opened.choose(tenant="default")
    assert "0 PENDING" in opened.text("#unknown")


def test_where_no_call_has_a_price_there_is_no_zero(open_page):
    cell = {"day": f"{DAYS[-1]}#1", "cell": "acme#m#SIMPLE", "attempts": 2, "unpriced": 2}
    opened = open_page(
        html([{n: v if n in ("day", "cell") else Decimal(v) for n, v in cell.items()}])
    )

    assert opened.text("#spent .figure") == opened.text("#saved .figure") == "not known"


def test_a_page_without_data_says_so(open_page):
    opened = open_page(html([]))

    assert opened.text("#sentence") == "Nothing was priced in this time."
    assert not opened.said


def test_money_is_rounded_as_decimal_rounds(cells, open_page):
    opened = open_page(html(cells))
    scale = opened.page.evaluate("SCALE")
    dice = random.Random(3)
    values = [dice.randrange(-(10**n), 10**n) for n in range(1, 30) for _ in range(40)]
    values += [int(Decimal(f"{n}.5").scaleb(scale - 6)) for n in range(-20, 20)]  # halves

    shown = opened.page.evaluate(
        "all => all.map(v => dollars(BigInt(v)))", [str(v) for v in values]
    )

    assert scale > 6
    expected = [f"{Decimal(v).scaleb(-scale):,.6f}" for v in values]
    expected = [text.replace("-0.000000", "0.000000") for text in expected]
    assert shown == ["−$" + t[1:] if t.startswith("-") else "$" + t for t in expected]


def test_names_and_causes_are_text_never_markup(open_page):
    sums = {"attempts": Decimal(1), "requests": Decimal(1), "cost_usd": Decimal("0.1")}
    cell = {"day": f"{DAYS[-1]}#1", "cell": f"{NASTY}#{NASTY}#SIMPLE", **sums}
    failed = {
        "request_id": "r-1", "tenant": NASTY, "status": "FAILED", "cause": NASTY,
        "accepted_at": f"{DAYS[-1]}T10:00:00.000Z", "planned_model": NASTY, "route": "SIMPLE",
    }  # fmt: skip
    budget = Budget(NASTY, "day", Decimal(1), Decimal(0), Decimal(0))
    opened = open_page(html([cell], failures=Failures([failed], 1, None), budgets=[budget]))
    opened.page.hover("#chart-days .mark-rect path")

    assert opened.page.evaluate("window.hacked") is None
    assert opened.rows("#table-tenants")[NASTY]["requests"] == "1"
    [line] = opened.rows("#table-failures").values()
    assert line["cause"] == NASTY
    assert not opened.page.query_selector("img")


def test_the_page_asks_the_network_for_nothing_and_may_not(cells, open_page):
    opened = open_page(html(cells))
    opened.choose(tenant="acme")

    assert [url.split(":")[0] for url in opened.asked] == ["file"]
    assert not opened.said
    assert opened.page.evaluate("fetch('http://127.0.0.1:9/').then(() => 1, () => 0)") == 0
    assert "Content Security Policy" in " ".join(opened.said)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_and_nothing_is_cut_off(cells, open_page, scheme, width):
    failed = {
        "request_id": "r-1", "tenant": "acme", "status": "FAILED", "cause": "Throttled",
        "accepted_at": f"{DAYS[-1]}T10:00:00.000Z", "planned_model": HAIKU, "route": "SIMPLE",
    }  # fmt: skip
    budget = Budget("*", "month", Decimal(500), Decimal(411), Decimal(3))
    page = html(cells, failures=Failures([failed], 9, "2026-11-20"), budgets=[budget])
    opened = open_page(page, scheme, width)
    opened.page.click("summary")

    found = Axe().run(opened.page)

    assert found.violations_count == 0, found.generate_report()
    assert opened.page.evaluate("document.documentElement.scrollWidth") == width


def test_the_filters_work_by_keyboard_alone(cells, open_page):
    opened = open_page(html(cells))
    reached = []
    for _ in range(16):
        opened.page.keyboard.press("Tab")
        reached.append(opened.page.evaluate("document.activeElement.id"))
        if reached[-1] == "tenant":
            break
    opened.page.keyboard.press("ArrowDown")
    opened.page.wait_for_function("document.querySelector('#shown').textContent.includes('acme')")

    assert reached[0] == "from"
    assert opened.page.evaluate(
        "getComputedStyle(document.activeElement).outlineStyle"
    ) != "none"  # fmt: skip


def test_a_budget_is_a_bar_with_its_words(open_page):
    budgets = [
        Budget("acme", "day", Decimal(5), Decimal("4.5"), Decimal("0.25")),
        Budget("default", "day", Decimal(5), Decimal(0), Decimal(0)),
    ]
    opened = open_page(html([], budgets=budgets))

    assert opened.page.locator("meter").count() == 2
    words = opened.text("#budgets p:first-child span")
    assert words == "acme, day: $4.500000 of $5, $0.250000 of it reserved (90.0%)"
    assert opened.page.get_by_role("meter", name=words).count() == 1


def test_cost_by_workflow_is_shown_as_soon_as_there_is_a_workflow(cells, open_page):
    alone = open_page(html(cells))
    assert not alone.page.is_visible("#workflows")

    same = {"cost_usd": Decimal("0.25"), "requests": Decimal(2), "attempts": Decimal(2)}
    steps = {"day": f"{DAYS[-1]}#1", "cell": f"acme#{HAIKU}#SIMPLE@trips", **same}
    run = {"day": f"{DAYS[-1]}#1", "cell": "acme#none#none@trips", "overhead_usd": Decimal("0.01")}
    opened = open_page(html([*cells, steps, run]))
    opened.choose(**{"from": DAYS[0]})

    lines = opened.rows("#table-workflows")
    assert set(lines) == {"trips", "none", "all"}
    assert (lines["trips"]["models"], lines["trips"]["workflow"]) == ("$0.250000", "$0.010000")
    assert lines["trips"]["requests"] == "2"
    assert opened.said == []


def test_what_is_beside_text_is_counted(open_page):
    cell = {"day": f"{DAYS[-1]}#0", "cell": "acme#m#SIMPLE", "requests": Decimal(1)}
    beside = {"tool_calls": Decimal(3), "images": Decimal(2)}

    assert "3 calls of tools, 2 pictures;" in open_page(html([cell | beside])).text("#beside")
    assert open_page(html([cell])).text("#beside") == ""


def test_sessions_that_cost_the_most_are_listed_and_the_tenant_filters_them(cells, open_page):
    known = {"requests": Decimal(2), "attempts": Decimal(3), "cost_usd": Decimal("0.5")}
    unknown = {"attempts": Decimal(1), "unknown": Decimal(1)}
    rows = [("acme", "s-1", known), ("default", NASTY, unknown)]
    opened = open_page(html(cells, sessions=Sessions(rows, 7, DAYS[1])))

    shown = opened.rows("#table-sessions")

    assert set(shown) == {"s-1", NASTY}
    assert shown["s-1"]["total"] == "$0.500000"
    assert shown[NASTY]["total"] == "not known"
    assert f"2 of 7 sessions, over the days since {DAYS[1]}" in opened.text("#sessions-note")
    opened.choose(tenant="acme")
    assert set(opened.rows("#table-sessions")) == {"s-1"}
    assert not open_page(html(cells)).page.is_visible("#sessions")
