"""The verdict follows the figures: route, bypass the classifier, or use one model."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cost_calculator.aws.items import to_item
from cost_calculator.planning.break_even import PriceMissing, break_even
from cost_calculator.planning.mix import Assumptions, Classifier, Model, PromptKind
from cost_calculator.planning.request_cost import per_request_overhead
from cost_calculator.stream import price_records
from cost_calculator.usage import Tokens
from router.__main__ import main
from router.cli.breakeven import DEFAULT_TIERS
from tests.support.cost_rows import HAIKU, PRICED_AT, RATES, SONNET, attempt, record, request
from tests.support.tables import SPEND, USAGE

NOW = datetime(2026, 11, 21, tzinfo=UTC)


SHORT, QUESTION = Tokens(500, 300), Tokens(600, 40)


def mix(simple, complex_, tokens=SHORT):
    return {
        "SIMPLE": PromptKind(Decimal(simple), tokens),
        "COMPLEX": PromptKind(Decimal(complex_), tokens),
    }


def ask(share, tokens=QUESTION, model=HAIKU):
    return Classifier(Model("bedrock", model), Decimal(share), tokens)


def verdict(prompts, volume=10_000, classifier=None):
    return break_even(prompts, DEFAULT_TIERS, volume, NOW, RATES, classifier).sentence


def test_even_mix_is_routed():
    assert verdict(mix("0.6", "0.4")).startswith("Route: ")


def test_mix_that_almost_always_needs_the_strong_model_uses_it_alone():
    assert verdict(mix("0.005", "0.995")).startswith("Use one model: always COMPLEX")


def test_mix_that_hardly_ever_needs_it_uses_a_cheap_model_alone():
    assert verdict(mix("0.97", "0.03")).startswith("Use one model: always ")


def test_few_requests_do_not_pay_for_what_stands_idle():
    assert verdict(mix("0.6", "0.4"), volume=1).startswith("Use one model")


def test_classifier_that_costs_more_than_it_saves_is_bypassed():
    short = mix("0.6", "0.4", Tokens(60, 40))

    assert verdict(short, classifier=ask("0.2", model=SONNET)).startswith("Bypass the classifier")
    assert "with the classifier" in verdict(short, classifier=ask("0.2", model=HAIKU))


def test_cost_of_a_way_is_that_of_its_calls():
    tokens = Tokens(1_000_000 // 20, 0)  # stays below the long-context tier
    answer = break_even(mix("0.5", "0.5", tokens), DEFAULT_TIERS, 10, NOW, RATES)

    by_name = {way.name.split(" (")[0]: way for way in answer.ways}
    assert by_name["always COMPLEX"].usd == 10 * 50_000 * Decimal("2.2") / 10**6
    assert by_name["routed, Standard"].models_usd == 5 * 50_000 * Decimal("2.31") / 10**6


def test_model_without_a_price_gives_no_answer_rather_than_a_free_one():
    tiers = {**DEFAULT_TIERS, "SIMPLE": Model("bedrock", "mystery")}
    with pytest.raises(PriceMissing, match="mystery"):
        break_even(mix("0.5", "0.5"), tiers, 10, NOW, RATES)


def test_running_a_million_requests_stays_within_the_goal():
    haiku, given = Model("bedrock", HAIKU), Assumptions(answer_ms=1_000)

    standard = sum(per_request_overhead("STANDARD", haiku, RATES.aws, given).values()) * 10**6
    express = sum(per_request_overhead("EXPRESS", haiku, RATES.aws, given).values()) * 10**6

    assert standard <= 101
    assert express <= 27


def test_command_prints_ways_and_verdict(capsys):
    assert main(["breakeven", "--volume", "1000"]) == 0

    assert "Route: routed, Express" in capsys.readouterr().out


def test_command_measures_the_mix_in_the_tables(dynamodb, store, capsys):
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    times = {"started_at": now, "ended_at": now}
    rows = [request("r-1", accepted_at=now, ended_at=now), attempt("r-1", **times)]
    rows += [
        request("r-2", accepted_at=now, ended_at=now, tier="COMPLEX", model=SONNET),
        attempt("r-2", tier="COMPLEX", model=SONNET, **times),
    ]
    for row in rows:
        dynamodb.put_item(TableName=USAGE, Item=to_item(row))
    price_records([record(row, n) for n, row in enumerate(rows)], store, RATES, PRICED_AT)

    tables = ["--usage-table", USAGE, "--spend-table", SPEND]
    assert main(["breakeven", "--last", "1d", "--json", *tables]) == 0

    found = json.loads(capsys.readouterr().out)
    assert found["volume"] == 1
    strong = next(way for way in found["ways"] if way["name"].startswith("always COMPLEX"))
    assert Decimal(strong["models_usd"]) == Decimal("0.0001254")


@pytest.mark.parametrize("text", ["", "SIMPLE", "SIMPLE=1:2", "EASY=1:2/3", "SIMPLE=0:1/1"])
def test_mix_that_cannot_be_read_says_what_to_write(text, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["breakeven", f"--mix={text}"])

    assert "write SIMPLE=60:300/200" in capsys.readouterr().err
