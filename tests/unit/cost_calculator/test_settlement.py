"""What becomes of each kind of row; what is not known is absent, never 0."""

from datetime import datetime
from decimal import Decimal

import pytest

from cost_calculator.cells import Cell
from cost_calculator.contributions import contribution
from cost_calculator.overhead import attempt_overhead, aws_prices, request_overhead
from cost_calculator.reports import days_between
from cost_calculator.settlement import UnreadableRow, settle
from tests.support.cost_rows import HAIKU, PRICED_AT, RATES, attempt, request


def test_calls_of_tools_and_files_are_counted_where_there_are_any():
    asked = contribution(settled(request(images=2, documents=1)))
    called = contribution(settled(attempt(tool_calls=3)))
    text = contribution(settled(request()))

    assert (asked["images"], asked["documents"], called["tool_calls"]) == (2, 1, 3)
    assert text.keys().isdisjoint({"images", "documents", "tool_calls"})


def settled(row):
    return settle(row, RATES, PRICED_AT)


def test_attempt_gets_cost_tokens_version_and_baseline_and_leaves_the_queue():
    row = settled(attempt())

    assert row["cost_status"] == "PRICED"
    assert row["cost_usd"] == Decimal("0.00000627")
    assert row["baseline_usd"] == Decimal("0.0001254")
    assert row["cost_parts"] == {"input": Decimal("0.00000132"), "output": Decimal("0.00000495")}
    assert (row["input_tokens"], row["cache_read_tokens"], row["output_tokens"]) == (12, 0, 9)
    assert row["price_version"] == "bedrock/us.anthropic.claude-haiku-5-5/standard@start"
    assert "queue" not in row
    assert "queued_at" not in row


def test_unknown_model_is_stored_unpriced_not_free():
    row = settled(attempt(model="us.anthropic.claude-haiku-9"))

    assert row["cost_status"] == "UNPRICED"
    assert "cost_usd" not in row
    assert "baseline_usd" not in row
    assert row["input_tokens"] == 12
    assert row["queue"].startswith("UNPRICED#")
    assert contribution(row)["unpriced"] == 1
    assert "cost_usd" not in contribution(row)


@pytest.mark.parametrize("outcome", ["UNKNOWN", "OK", "REFUSED", "SOMETHING_NEW"])
def test_call_that_may_have_been_billed_without_usage_is_unknown_with_an_upper_estimate(outcome):
    row = settled(attempt(outcome=outcome, usage=None, served=False))

    assert row["cost_status"] == "UNKNOWN"
    assert "cost_usd" not in row
    # 40 bytes of prompt are at most 40 tokens: 40 x 0.11 + 2,048 x 0.55 dollars a million
    assert row["upper_estimate_usd"] == Decimal("0.0011308")
    assert contribution(row)["unknown"] == 1


def test_unknown_cost_of_an_unknown_model_has_no_estimate():
    row = settled(attempt(outcome="UNKNOWN", usage=None, model="mystery"))

    assert row["cost_status"] == "UNKNOWN"
    assert "upper_estimate_usd" not in row


@pytest.mark.parametrize("outcome", ["THROTTLED", "OVERLOADED", "UNREACHABLE", "REJECTED"])
def test_call_that_never_started_is_known_to_cost_nothing(outcome):
    row = settled(attempt(outcome=outcome, usage=None, served=False, retries=3))

    assert (row["cost_status"], row["cost_usd"]) == ("PRICED", 0)
    assert contribution(row)["retries"] == 3


@pytest.mark.parametrize("outcome", ["REFUSED", "FILTERED", "BLOCKED", "BAD_RESPONSE"])
def test_billed_call_without_an_answer_is_priced_and_saves_nothing(outcome):
    row = settled(attempt(outcome=outcome, served=False))

    assert row["cost_usd"] == Decimal("0.00000627")
    assert row["baseline_usd"] == 0


@pytest.mark.parametrize("usage", ["{", '{"inputTokens": -1, "outputTokens": 1}', "[]", "{}"])
def test_usage_that_makes_no_sense_is_kept_and_counted_apart(usage):
    row = settled(attempt(usage=usage))

    assert row["cost_status"] == "INVALID_USAGE"
    assert row["usage"] == usage
    assert "cost_usd" not in row
    assert contribution(row)["invalid_usage"] == 1
    assert "queue" not in row


def test_baseline_without_a_price_is_absent_and_counted_not_zero():
    row = settled(attempt(baseline_model="mystery"))

    assert row["cost_status"] == "PRICED"
    assert "baseline_usd" not in row
    assert contribution(row)["baseline_unpriced"] == 1


def test_classifier_call_costs_and_saves_nothing():
    row = settled(attempt(purpose="classify"))

    assert row["cost_usd"] > 0
    assert row["baseline_usd"] == 0


def test_request_gets_the_sum_of_what_it_costs_around_its_calls():
    row = settled(request())

    assert row["cost_status"] == "PRICED"
    assert row["overhead_usd"] == sum(request_overhead(request(), RATES.aws).values())


def test_lambda_time_and_row_of_an_attempt_count_on_the_attempt():
    # 830 ms x 256 MB = 0.2075 GB-s at $0.0000133334, and one invocation
    parts = attempt_overhead(settled(attempt()), RATES.aws)

    assert parts["invoke"] == Decimal("0.00000296668")
    assert settled(attempt())["overhead_usd"] == sum(parts.values())
    assert "invoke" not in attempt_overhead(attempt(lambda_ms=None, lambda_mb=None), RATES.aws)


def test_a_call_of_the_http_task_pays_for_its_secret_and_for_who_records_it():
    waited_for_by_nobody = {"lambda_ms": None, "lambda_mb": None, "provider": "openai"}
    parts = attempt_overhead(attempt(**waited_for_by_nobody), RATES.aws)

    assert parts["secret"] == Decimal("0.000003")
    assert parts["invoke"] > RATES.aws["lambda_request"]
    out_of_the_cache = attempt(**waited_for_by_nobody, outcome="CACHED")
    assert not {"secret", "invoke"} & attempt_overhead(out_of_the_cache, RATES.aws).keys()


def test_traces_cost_as_much_of_a_request_as_is_recorded():
    row = request()

    assert request_overhead(row, aws_prices(Decimal(1)))["traces"] == Decimal("0.000005")
    assert request_overhead(row, aws_prices(Decimal(0)))["traces"] == 0


def test_express_run_is_priced_by_its_time_not_its_transitions():
    parts = request_overhead(request(workflow_type="EXPRESS"), RATES.aws)

    # 2.0 s and 20 ms of analysis are 2.1 s in steps of 100 ms, at 64 MB: 0.13125 GB-s
    assert parts["workflow"] == Decimal("0.000003187938")


@pytest.mark.parametrize(
    ("status", "failures"), [("SUCCEEDED", None), ("REFUSED", 1), ("FAILED", 1)]
)
def test_request_counts_once_and_fails_where_nobody_answered(status, failures):
    sums = contribution(settled(request(status=status)))

    assert sums["requests"] == 1
    assert sums.get("failures") == failures


def test_row_of_the_schema_before_is_priced_and_one_of_the_next_is_not_guessed_at():
    assert settled(attempt(schema=None))["cost_status"] == "PRICED"
    with pytest.raises(UnreadableRow, match="schema 2"):
        settled(attempt(schema=2))


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant": None},
        {"tier": 3},
        {"model": ""},
        {"ended_at": "yesterday"},
        {"ended_at": "2026-11-21T10:00:01"},
        {"started_at": "now"},
    ],
)
def test_row_that_lacks_what_pricing_needs_is_refused_by_name(changes):
    with pytest.raises(UnreadableRow, match=next(iter(changes))):
        settled(attempt(**changes))


def test_pending_row_adds_nothing_yet():
    assert contribution(attempt()) == {}


def test_an_answer_out_of_the_cache_costs_nothing_and_says_what_it_saved():
    row = settled(attempt(outcome="CACHED"))

    assert (row["cost_status"], row["cost_usd"]) == ("PRICED", 0)
    assert row["baseline_usd"] == Decimal("0.0001254")
    assert row["cost_reason"] == "answered out of the cache"
    assert "input_tokens" not in row
    sums = contribution(row)
    assert (sums["cache_hits"], sums["attempts"]) == (1, 1)
    assert "output_tokens" not in sums


@pytest.mark.parametrize("changes", [{"usage": None}, {"baseline_model": "mystery"}])
def test_what_a_cached_answer_saved_is_counted_as_unknown_where_it_is(changes):
    row = settled(attempt(outcome="CACHED", **changes))

    assert (row["cost_status"], row["cost_usd"]) == ("PRICED", 0)
    assert "baseline_usd" not in row
    assert contribution(row)["baseline_unpriced"] == 1


def test_a_call_without_the_cache_is_no_hit():
    assert "cache_hits" not in contribution(settled(attempt()))


LUNA = {
    "provider": "openai",
    "model": "gpt-6-luna",
    "usage": '{"prompt_tokens": 1000, "completion_tokens": 1000, "total_tokens": 2000}',
}


@pytest.mark.parametrize(
    ("mode", "usd"),
    [("standard", "0.0006"), ("flex", "0.0003"), ("priority", "0.0012"), ("fast", "0.0012")],
)
def test_attempt_is_priced_in_the_tier_that_served_it(mode, usd):
    row = settled(attempt(**LUNA, mode=mode))

    assert (row["cost_status"], row["cost_usd"]) == ("PRICED", Decimal(usd))
    assert row["price_version"].startswith(f"openai/gpt-6-luna/{mode}@")


@pytest.mark.parametrize("mode", ["flex", "priority", "reserved", "optimized", "flex+optimized"])
def test_tier_without_a_price_is_unpriced_and_never_standard(mode):
    row = settled(attempt(mode=mode))

    assert row["cost_status"] == "UNPRICED"
    assert "cost_usd" not in row
    assert row["cost_reason"].startswith(f"the book has no {mode} price of bedrock {HAIKU}")


def test_baseline_is_priced_in_its_own_mode_not_in_that_of_the_attempt():
    standard, flex = settled(attempt(**LUNA)), settled(attempt(**LUNA, mode="flex"))
    cheaper = {
        "baseline_provider": "openai",
        "baseline_model": "gpt-6-luna",
        "baseline_mode": "flex",
    }

    assert flex["baseline_usd"] == standard["baseline_usd"] > 0
    assert settled(attempt(**LUNA, **cheaper))["baseline_usd"] == flex["cost_usd"]


def test_a_call_counts_on_its_day_in_utc():
    ended = "2026-12-01T00:30:00+01:00"

    assert Cell.of(attempt(ended_at=ended)).day == "2026-11-30"
    assert days_between(datetime.fromisoformat(ended), datetime.fromisoformat(ended)) == [
        "2026-11-30"
    ]


def test_an_answer_and_a_draft_in_s3_pay_for_their_requests():
    prices = aws_prices()
    large = request(output_s3="s3://answers/a")
    withheld = attempt(draft_s3="s3://answers/drafts/d")

    assert request_overhead(large, prices)["objects"] == prices["s3_put"]
    assert attempt_overhead(withheld, prices)["objects"] == prices["s3_put"] + prices["s3_get"]
    assert "objects" not in request_overhead(request(), prices)
    assert "objects" not in attempt_overhead(attempt(), prices)
