"""Needs follow from the mix by arithmetic that can be done by hand."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_calculator.planning.capacity import Peak, capacity, provisioned_units
from cost_calculator.planning.mix import Assumptions, PromptKind
from cost_calculator.usage import Tokens
from router.__main__ import main
from router.cli.breakeven import DEFAULT_TIERS, read_mix

LIMITS = {"SIMPLE": 2000, "CALCULATION": 4000, "COMPLEX": 8000}
PEAK = Peak(Decimal(2), 5, LIMITS)
GIVEN = Assumptions(answer_ms=1000, analyze_ms=100)


def needs(mix, per_day, tiers=DEFAULT_TIERS, peak=PEAK):
    return capacity(mix, tiers, per_day, peak, GIVEN)


def test_the_busiest_minute_sets_tokens_quota_and_calls_in_flight():
    [load] = needs({"SIMPLE": PromptKind(Decimal(1), Tokens(100, 50))}, 43_200).loads

    assert load.requests_per_minute == 60  # 43,200 / 1,440 × 2
    assert load.tokens_per_minute == 60 * 150
    assert load.in_flight == 4  # one a second for a second, and three deviations
    assert load.quota == 60 * (100 + 5 * 50) + 4 * 2000


def test_what_the_workflow_calls_itself_takes_no_lambda_and_no_bedrock_quota():
    found = needs({"CALCULATION": PromptKind(Decimal(1), Tokens(100, 50))}, 86_400)

    assert found.loads[0].quota is None
    assert found.invoke_concurrency == 0
    assert found.analyze_concurrency > 0
    assert found.transitions_per_month == 4 * 86_400 * 30


def test_a_model_of_two_tiers_is_one_load():
    tiers = {**DEFAULT_TIERS, "COMPLEX": DEFAULT_TIERS["SIMPLE"]}
    mix = read_mix("SIMPLE=50:100/50,COMPLEX=50:300/150")

    [load] = needs(mix, 43_200, tiers).loads

    assert load.tokens_per_minute == 30 * 150 + 30 * 450
    assert load.quota == 30 * (100 + 250) + 30 * (300 + 750) + load.in_flight * 8000


@given(st.integers(1, 10**7), st.integers(1, 50), st.integers(1, 99))
def test_models_share_all_requests_and_more_never_needs_less(per_day, factor, share):
    mix = read_mix(f"SIMPLE={share}:300/200,COMPLEX={100 - share}:1500/900")
    peak = Peak(Decimal(factor), 5, LIMITS)
    found, more = needs(mix, per_day, peak=peak), needs(mix, 2 * per_day, peak=peak)

    total = sum(load.requests_per_minute for load in found.loads)
    assert abs(total - Decimal(per_day) * factor / 1440) < Decimal("1e-15") * per_day * factor
    for few, many in zip(found.loads, more.loads, strict=True):
        assert few.quota <= many.quota
        assert few.in_flight <= many.in_flight


def test_units_are_whole():
    assert [provisioned_units(n, 1000) for n in (1, 1000, 1001)] == [1, 1, 2]


def test_the_bill_is_that_of_breakeven(capsys):
    assert main(["capacity", "--per-day", "1234", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert main(["breakeven", "--volume", "1234", "--json"]) == 0
    day = json.loads(capsys.readouterr().out)

    monthly = {way["name"]: f"{Decimal(way['total_usd']) * 30:.2f}" for way in day["ways"]}
    assert found["monthly_usd"]["1234"] == monthly


def test_units_are_shown_where_their_throughput_is_given(capsys):
    assert main(["capacity", "--unit-tokens-per-minute", "4000"]) == 0

    assert "| provisioned units |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [
        ("--per-day", "0", "whole number from 1 to"),
        ("--peak", "0.5", "a number from 1 to"),
        ("--peak", "much", "a number from 1 to"),
        ("--mix", "all", "write SIMPLE=60"),
    ],
)
def test_what_cannot_be_read_says_what_to_write(option, text, message, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["capacity", option, text])

    assert message in capsys.readouterr().err
