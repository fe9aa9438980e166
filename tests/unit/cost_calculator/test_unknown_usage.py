"""Nothing that may be on a bill is passed over, and no answer is free by a usage of zeros."""

from __future__ import annotations

import json
from typing import Any

import anthropic.types
import botocore.session
import openai.types.completion_usage
import pytest

from cost_calculator.settlement import settle
from cost_calculator.usage import InvalidUsage, Tokens, from_provider
from tests.support.cost_rows import PRICED_AT, RATES, attempt

BEDROCK = {"inputTokens": 12, "outputTokens": 9, "totalTokens": 21}
CLAUDE = {"input_tokens": 12, "output_tokens": 9}
GPT = {"prompt_tokens": 12, "completion_tokens": 9, "total_tokens": 21}
USAGE = {"bedrock": BEDROCK, "anthropic": CLAUDE, "openai": GPT}
SENT, RECEIVED = "prompt_tokens_details", "completion_tokens_details"


@pytest.mark.parametrize("provider", USAGE)
@pytest.mark.parametrize("value", [1, 0.5, "fast", True, [1], {"searches": 2}, [[[[0]]]]])
def test_a_field_that_nobody_knows_is_refused_by_name(provider: str, value: Any) -> None:
    with pytest.raises(InvalidUsage, match=r"usage\.novelty_units is not known"):
        from_provider(provider, {**USAGE[provider], "novelty_units": value})


@pytest.mark.parametrize("provider", USAGE)
@pytest.mark.parametrize("value", [0, 0.0, None, "", [], {}, False, {"searches": 0, "pages": None}])
def test_a_field_that_counts_nothing_is_no_cost(provider: str, value: Any) -> None:
    assert from_provider(provider, {**USAGE[provider], "novelty_units": value}) == Tokens(12, 9)


@pytest.mark.parametrize(
    ("provider", "extra", "named"),
    [
        ("openai", {SENT: {"audio_tokens": 3}}, f"{SENT}.audio_tokens"),
        ("openai", {RECEIVED: {"audio_tokens": 3}}, f"{RECEIVED}.audio_tokens"),
        ("anthropic", {"server_tool_use": {"web_search_requests": 1}}, "server_tool_use"),
        ("anthropic", {"cache_creation_input_tokens": 0,
                       "cache_creation": {"ephemeral_24h_input_tokens": 5}},
         "cache_creation.ephemeral_24h_input_tokens"),
        ("anthropic", {"iterations": [{"type": "compaction", **CLAUDE}, {**CLAUDE}]}, "iterations"),
        ("anthropic", {"iterations": "two"}, "iterations"),
        ("anthropic", {"iterations": [None]}, "iterations"),
    ],
)  # fmt: skip
def test_what_is_billed_beside_the_tokens_is_named(
    provider: str, extra: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidUsage, match=named.replace(".", r"\.")):
        from_provider(provider, {**USAGE[provider], **extra})


def test_steps_that_add_up_to_the_call_are_the_call() -> None:
    steps = [{"type": "message", "input_tokens": 5, "output_tokens": 2},
             {"type": "message", "input_tokens": 7, "output_tokens": 7}]  # fmt: skip

    assert from_provider("anthropic", {**CLAUDE, "iterations": steps}) == Tokens(12, 9)


# ---- what the providers' own models of today name is known


def fields(kind: Any) -> dict[str, Any]:
    return dict(kind.model_fields)


def test_every_field_of_the_sdks_of_today_is_known_or_refused_on_purpose() -> None:
    types = openai.types.completion_usage
    shape: Any = (
        botocore.session.get_session()
        .get_service_model("bedrock-runtime")
        .operation_model("Converse")
        .output_shape
    )
    named = {
        "anthropic": fields(anthropic.types.Usage),
        "openai": fields(types.CompletionUsage),
        f"openai.{SENT}": fields(types.PromptTokensDetails),
        f"openai.{RECEIVED}": fields(types.CompletionTokensDetails),
        "bedrock": shape.members["usage"].members,
    }
    refused = {
        (where, field)
        for where, known in named.items()
        for field in known
        if is_refused(where, field)
    }

    assert refused == {
        ("anthropic", "server_tool_use"),
        (f"openai.{SENT}", "audio_tokens"),
        (f"openai.{RECEIVED}", "audio_tokens"),
    }


def is_refused(where: str, field: str) -> bool:
    provider, _, within = where.partition(".")
    usage: dict[str, Any] = dict(USAGE[provider])
    if within:
        usage[within] = {field: 1}
    elif field not in usage:
        usage[field] = 1
    try:
        from_provider(provider, usage)
    except InvalidUsage as error:
        return "is not known" in str(error)
    return False


# ---- zeros


@pytest.mark.parametrize("provider", USAGE)
@pytest.mark.parametrize("outcome", ["OK", "TRUNCATED", "INVALID_ANSWER", "BAD_RESPONSE"])
def test_zeros_beside_an_answer_are_no_price(provider: str, outcome: str) -> None:
    zeros = dict.fromkeys(USAGE[provider], 0)

    row = settle(
        attempt(provider=provider, usage=json.dumps(zeros), outcome=outcome), RATES, PRICED_AT
    )

    assert (row["cost_status"], "cost_usd" in row) == ("INVALID_USAGE", False)
    assert "0 tokens" in row["cost_reason"]


@pytest.mark.parametrize(
    ("usage", "outcome", "status"),
    [
        ({**BEDROCK, "outputTokens": 0, "totalTokens": 12}, "OK", "INVALID_USAGE"),
        ({**BEDROCK, "inputTokens": 0, "totalTokens": 9}, "OK", "INVALID_USAGE"),
        ({**BEDROCK, "outputTokens": 0, "totalTokens": 12}, "BAD_RESPONSE", "PRICED"),
        ({**BEDROCK, "inputTokens": 0, "totalTokens": 9, "cacheReadInputTokens": 40}, "OK",
         "PRICED"),
        *((dict.fromkeys(BEDROCK, 0), outcome, "PRICED")
          for outcome in ("BLOCKED", "REFUSED", "FILTERED")),
    ],
)  # fmt: skip
def test_what_a_call_can_have_used_depends_on_its_end(
    usage: dict[str, int], outcome: str, status: str
) -> None:
    row = settle(attempt(usage=json.dumps(usage), outcome=outcome), RATES, PRICED_AT)

    assert row["cost_status"] == status
