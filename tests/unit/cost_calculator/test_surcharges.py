"""Where a call was served, and how fast, is priced: by the usage or by the endpoint."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from cost_calculator.book import BOOK_PATH, PriceBook, PriceUnknown
from cost_calculator.max_cost import most_of_call
from cost_calculator.overhead import aws_prices
from cost_calculator.rates import Rates
from cost_calculator.settlement import settle
from cost_calculator.surcharges import joined, residency_of
from tests.support.cost_rows import PRICED_AT, attempt

AT = datetime(2026, 11, 30, tzinfo=UTC)
RAW = json.loads(BOOK_PATH.read_text(encoding="utf-8"))
BOOK = PriceBook(RAW)
EUROPE = PriceBook(RAW, residency={"openai": "eu"})
SONNET, LUNA = "claude-sonnet-5-5", "gpt-6-luna"
USAGE = {"input_tokens": 2_000, "output_tokens": 100}
GPT_USAGE = {"prompt_tokens": 2_000, "completion_tokens": 100, "total_tokens": 2_100}


def settled(
    provider: str, model: str, usage: dict[str, Any], book: PriceBook = BOOK, **row: Any
) -> dict[str, Any]:
    given = attempt(provider=provider, model=model, usage=json.dumps(usage), **row)
    return settle(given, Rates(book, aws_prices()), PRICED_AT)


@pytest.mark.parametrize(
    ("extra", "usd"),
    [
        ({}, "0.005"),
        ({"inference_geo": "global"}, "0.005"),
        ({"inference_geo": "not_available"}, "0.005"),
        ({"inference_geo": None, "speed": "standard"}, "0.005"),
        ({"inference_geo": "us"}, "0.0055"),
        ({"inference_geo": "us", "speed": "standard", "service_tier": "standard"}, "0.0055"),
    ],
)
def test_the_place_that_anthropic_reports_is_in_the_price(extra: dict[str, Any], usd: str) -> None:
    row = settled("anthropic", SONNET, {**USAGE, **extra})

    assert (row["cost_status"], row["cost_usd"]) == ("PRICED", Decimal(usd))
    assert sum(row["cost_parts"].values()) == row["cost_usd"]
    assert ("+us*1.1" in row["price_version"]) == (usd == "0.0055")


@pytest.mark.parametrize(
    ("extra", "named"),
    [
        ({"speed": "fast"}, "fast"),
        ({"speed": "fast", "inference_geo": "us"}, "fast"),
        ({"inference_geo": "eu"}, "eu"),
        ({"inference_geo": "moon"}, "moon"),
    ],
)
def test_a_place_or_speed_without_a_price_is_unpriced_by_name(
    extra: dict[str, Any], named: str
) -> None:
    row = settled("anthropic", SONNET, {**USAGE, **extra})

    assert row["cost_status"] == "UNPRICED"
    assert named in row["cost_reason"]


@pytest.mark.parametrize("odd", [7, True, ["us"], {"in": "us"}, "Us East\n"])
def test_a_place_that_is_no_word_makes_the_usage_invalid(odd: Any) -> None:
    row = settled("anthropic", SONNET, {**USAGE, "inference_geo": odd})

    assert (row["cost_status"], "inference_geo" in row["cost_reason"]) == ("INVALID_USAGE", True)


@pytest.mark.parametrize(
    ("model", "mode", "usd"),
    [
        (LUNA, None, "0.000275"),
        (LUNA, "flex", "0.0001375"),
        ("gpt-6-luna-2026-10-01", None, "0.000275"),
        # Released before there was a surcharge.
        ("gpt-5-mini", None, "0.0007"),
    ],
)
def test_an_endpoint_with_data_residency_is_in_the_price(
    model: str, mode: str | None, usd: str
) -> None:
    row = settled("openai", model, GPT_USAGE, EUROPE, mode=mode)

    assert (row["cost_status"], row["cost_usd"]) == ("PRICED", Decimal(usd))


def test_a_baseline_at_the_same_endpoint_has_its_surcharge() -> None:
    row = settled("openai", LUNA, GPT_USAGE, EUROPE, baseline_provider="openai",
                  baseline_model=LUNA)  # fmt: skip

    assert row["baseline_usd"] == row["cost_usd"]


def test_a_row_of_your_own_replaces_the_surcharge() -> None:
    mine = {"provider": "openai", "model": LUNA, "mode": "eu",
            "usd_per_mtok": {"input": "7", "output": "9"}}  # fmt: skip
    book = PriceBook(RAW, {"rows": [mine]}, {"openai": "eu"})

    assert book.find("openai", LUNA, AT).rates["input"] == 7


def test_a_place_that_nobody_knows_has_no_price() -> None:
    with pytest.raises(PriceUnknown):
        PriceBook(RAW, residency={"openai": "zz"}).find("openai", LUNA, AT)


def test_a_long_context_has_the_surcharge_on_its_own_rates() -> None:
    usual, european = (book.find("openai", LUNA, AT).rates_for(300_000) for book in (BOOK, EUROPE))

    assert usual["output"] is not None
    assert european["output"] == usual["output"] * Decimal("1.1")


def test_a_reservation_counts_what_only_the_answer_can_report() -> None:
    def most(provider: str, model: str) -> Decimal:
        return most_of_call(provider, model, 0, 1_000_000, AT, book=BOOK)

    assert most("anthropic", SONNET) == 11
    assert most("openai", LUNA) == Decimal("0.5")
    assert most_of_call("openai", LUNA, 0, 1_000, AT, book=EUROPE) == Decimal("0.00055")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://eu.api.openai.com/v1", {"openai": "eu"}),
        ("https://us.api.openai.com", {"openai": "us"}),
        ("https://api.openai.com/v1", {}),
        ("https://eu.api.openai.com.evil.example/v1", {}),
        ("http://127.0.0.1:8080/v1", {}),
        ("", {}),
    ],
)
def test_the_host_says_where_an_endpoint_serves(url: str, place: dict[str, str]) -> None:
    assert residency_of({"OPENAI_BASE_URL": url}) == place


@pytest.mark.parametrize(
    ("mode", "more", "expected"),
    [
        ("standard", (), "standard"),
        ("", ("",), "standard"),
        ("standard", ("us",), "us"),
        ("flex", ("us",), "flex+us"),
        ("us", ("us",), "us"),
    ],
)
def test_words_of_a_mode_are_joined_once(mode: str, more: tuple[str, ...], expected: str) -> None:
    assert joined(mode, *more) == expected


@pytest.mark.parametrize("surcharge", RAW["surcharges"], ids=lambda it: it["reason"][:30])
def test_each_surcharge_has_its_source_and_applies_to_a_model_of_the_book(
    surcharge: dict[str, Any],
) -> None:
    models = {row["model"] for row in RAW["rows"] if row["provider"] == surcharge["provider"]}

    assert surcharge["source"]
    assert surcharge["checked"]
    assert any(re.fullmatch(surcharge["models"], model) for model in models)


def test_no_model_of_openai_has_two_surcharges_or_none() -> None:
    patterns = [it["models"] for it in RAW["surcharges"] if it["provider"] == "openai"]
    models = {row["model"] for row in RAW["rows"] if row["provider"] == "openai"}
    found = {m: sum(bool(re.fullmatch(p, m)) for p in patterns) for m in models}

    assert {model: count for model, count in found.items() if count != 1} == {
        "chat-latest": 0,  # its model changes: UNPRICED there
    }
