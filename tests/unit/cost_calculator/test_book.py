"""The book finds a row by exact id, day, mode and region, and by nothing less."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cost_calculator.book import (
    BOOK_PATH,
    PriceBook,
    PriceUnknown,
    default_book,
    read_overrides,
)
from cost_calculator.price_entry import InvalidPriceRow
from cost_calculator.pricing import CostStatus, price
from cost_calculator.usage import Tokens

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
HAIKU = "us.anthropic.claude-haiku-5-5"
BOOK = json.loads(BOOK_PATH.read_text(encoding="utf-8"))


def test_geography_prefix_decides_the_price():
    regional = default_book().find("bedrock", HAIKU, NOW)
    worldwide = default_book().find("bedrock", "global.anthropic.claude-haiku-5-5", NOW)

    assert (regional.rates["input"], worldwide.rates["input"]) == (Decimal("0.11"), Decimal("0.1"))


@pytest.mark.parametrize(
    "near_miss",
    [
        "us.anthropic.claude-haiku-5-6",
        "us.anthropic.claude-haiku-5",
        "us.anthropic.claude-haiku-5-5-v9",
        "xx.anthropic.claude-haiku-5-5",
        "US.ANTHROPIC.CLAUDE-HAIKU-5-5",
        " us.anthropic.claude-haiku-5-5",
        "claude-haiku-5-5",
        "anthropic.claude-haiku-5-5",
        "",
    ],
)
def test_near_miss_is_unknown(near_miss):
    with pytest.raises(PriceUnknown):
        default_book().find("bedrock", near_miss, NOW)


@pytest.mark.parametrize(
    ("provider", "snapshot", "model"),
    [
        ("openai", "gpt-6-luna-2026-10-01", "gpt-6-luna"),
        ("openai", "gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
        ("anthropic", "claude-haiku-5-5-20261007", "claude-haiku-5-5"),
        ("anthropic", "claude-haiku-4-5-20251001", "claude-haiku-4-5"),
    ],
)
def test_alias_and_dated_snapshot_cost_what_their_model_costs(provider, snapshot, model):
    found = default_book().find(provider, snapshot, NOW)

    assert found is default_book().find(provider, model, NOW)


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("openai", "gpt-6-luna-2026-02-30"),
        ("openai", "gpt-6-luna-20261001"),
        ("openai", "gpt-6-luna-2026-10-01-preview"),
        ("openai", "gpt-4o-2030-01-01"),
        ("anthropic", "claude-haiku-5-5-2026-10-07"),
    ],
)
def test_what_only_looks_like_a_snapshot_is_unknown(provider, name):
    with pytest.raises(PriceUnknown):
        default_book().find(provider, name, NOW)


def test_snapshot_with_a_price_of_its_own_keeps_it():
    first = default_book().find("openai", "gpt-4o-2024-05-13", NOW)

    assert first.rates["input"] == Decimal(5)
    assert default_book().find("openai", "gpt-4o", NOW).rates["input"] == Decimal("2.5")


def test_price_is_that_of_the_day_of_the_call_in_utc():
    before = datetime.fromisoformat("2026-07-30T01:00:00+02:00")
    after = datetime.fromisoformat("2026-07-29T23:00:00-02:00")

    assert default_book().find("openai", "gpt-5.6-luna", before).rates["input"] == Decimal(1)
    assert default_book().find("openai", "gpt-5.6-luna", after).rates["input"] == Decimal("0.2")


def test_batch_has_rows_of_its_own_and_no_price_before_the_first():
    batch = default_book().find("openai", "gpt-6-luna", NOW, "batch")

    assert batch.rates["input"] == Decimal("0.05")
    with pytest.raises(PriceUnknown, match="no batch price"):
        default_book().find("openai", "gpt-6-luna", datetime(2026, 10, 1, tzinfo=UTC), "batch")


def test_system_profile_arn_is_its_profile():
    arn = f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{HAIKU}"

    assert default_book().find("bedrock", arn, NOW).model == HAIKU


def test_application_profile_needs_a_map_and_then_costs_what_its_model_costs():
    arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3"
    mapped = PriceBook(BOOK, {"aliases": {"bedrock": {arn: HAIKU}}})

    assert mapped.find("bedrock", arn, NOW).model == HAIKU
    with pytest.raises(PriceUnknown, match="map it to its model"):
        default_book().find("bedrock", arn, NOW)


def test_id_without_prefix_is_priced_only_where_its_region_is_known():
    book, nova = default_book(), "amazon.nova-micro-v1:0"

    with pytest.raises(PriceUnknown, match="unknown region"):
        book.find("bedrock", nova, NOW)
    with pytest.raises(PriceUnknown, match="eu-west-1"):
        book.find("bedrock", nova, NOW, region="eu-west-1")
    assert book.find("bedrock", nova, NOW, region="us-east-1").rates["input"] == Decimal("0.035")
    arn = f"arn:aws:bedrock:us-west-2::foundation-model/{nova}"
    assert book.find("bedrock", arn, NOW, region="eu-west-1").model == nova


def test_row_of_the_users_own_wins_from_its_day_on_and_names_itself():
    row = {
        "provider": "bedrock",
        "model": HAIKU,
        "effective_from": "2026-11-20",
        "usd_per_mtok": {"input": "0.09", "output": "0.4"},
    }
    book = PriceBook(BOOK, read_overrides(json.dumps([row])))

    assert (
        book.find("bedrock", HAIKU, NOW).version == f"override:bedrock/{HAIKU}/standard@2026-11-20"
    )
    day_before = datetime(2026, 11, 19, tzinfo=UTC)
    assert book.find("bedrock", HAIKU, day_before).version == f"bedrock/{HAIKU}/standard@start"


def test_class_without_a_rate_is_unpriced_not_free():
    row = {"provider": "x", "model": "m", "usd_per_mtok": {"input": "1", "output": "2"}}
    book = PriceBook(BOOK, {"rows": [row]})

    cost = price(Tokens(1, 1, cache_write_1h=5), "x", "m", NOW, book=book)

    assert (cost.status, cost.usd) == (CostStatus.UNPRICED, None)
    assert "cache_write_1h" in (cost.reason or "")


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "3",
        '{"row": []}',
        '[{"provider": "x", "model": "m"}]',
        '[{"provider": "x", "model": "m", "usd_per_mtok": {"input": 1.5, "output": "2"}}]',
        '[{"provider": "x", "model": "m", "usd_per_mtok": {"input": "-1", "output": "2"}}]',
        '[{"provider": "x", "model": "m", "usd_per_mtok": {"input": "NaN", "output": "2"}}]',
        '[{"provider": "x", "model": "m", "usd_per_mtok": {"input": "1"}}]',
        '[{"provider": "x", "model": "m", "effective_from": "21.11.2026",'
        ' "usd_per_mtok": {"input": "1", "output": "2"}}]',
        '[{"provider": "x", "model": "m", "usd_per_mtok": {"input": "1", "output": "2"},'
        ' "above": [{"usd_per_mtok": {}}]}]',
    ],
)
def test_bad_override_is_refused(bad):
    with pytest.raises(InvalidPriceRow):
        PriceBook(BOOK, read_overrides(bad))


def test_every_row_says_where_it_comes_from_and_no_version_stands_twice():
    versions = [row["version"] for row in BOOK["rows"]]

    assert len(versions) == len(set(versions))
    assert all(row["source"] and row["checked"] for row in BOOK["rows"])
    PriceBook({**BOOK, "rows": []}, {"rows": BOOK["rows"]})  # each row can be read


def test_default_models_are_priced_in_every_class():
    for provider, model in [
        ("bedrock", HAIKU),
        ("bedrock", "us.anthropic.claude-sonnet-5-5"),
        ("openai", "gpt-6-luna"),
    ]:
        assert None not in default_book().find(provider, model, NOW).rates.values()
