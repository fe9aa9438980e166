"""Faults on order have each provider's shape, and the journal has every call."""

import json
import time
from typing import Any

import pytest
import requests
from anthropic import APIStatusError as AnthropicStatusError
from anthropic import RateLimitError as AnthropicRateLimit
from botocore.exceptions import ClientError, ConnectionClosedError
from openai import APIConnectionError
from openai import InternalServerError as OpenAIInternalServerError
from openai import RateLimitError as OpenAIRateLimit

from cost_calculator.aws.error_codes import code_of
from tests.local_patches.simulator.wire import HAIKU, SONNET, Wire


def test_throttling_has_each_providers_shape(wire: Wire) -> None:
    wire.script({"status": 429, "retry_after": 7, "count": 3})

    with pytest.raises(ClientError) as bedrock:
        wire.converse()
    with pytest.raises(OpenAIRateLimit) as openai:
        wire.chat()
    with pytest.raises(AnthropicRateLimit) as anthropic:
        wire.message()

    assert code_of(bedrock.value) == "ThrottlingException"
    assert openai.value.code == "rate_limit_exceeded"
    assert openai.value.response.headers["retry-after"] == "7"
    assert anthropic.value.response.headers["retry-after"] == "7"
    assert wire.converse()["stopReason"] == "end_turn"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "AccessDeniedException"),
        (404, "ResourceNotFoundException"),
        (408, "ModelTimeoutException"),
        (424, "ModelErrorException"),
        (500, "InternalServerException"),
        (503, "ServiceUnavailableException"),
    ],
)
def test_bedrock_errors_have_the_modelled_names(wire: Wire, status: int, code: str) -> None:
    wire.script({"status": status})

    with pytest.raises(ClientError) as caught:
        wire.converse()

    assert code_of(caught.value) == code
    assert type(caught.value).__name__ == code  # botocore knows it: the model names it


def test_a_refusal_that_bedrocks_model_does_not_name_is_no_error_of_the_server(wire: Wire) -> None:
    wire.script({"status": 413}, {"status": 422})

    codes = []
    for _ in range(2):
        with pytest.raises(ClientError) as caught:
            wire.converse()
        codes.append(code_of(caught.value))

    assert codes == ["RequestEntityTooLargeException", "ValidationException"]


def test_overload_and_server_errors(wire: Wire) -> None:
    wire.script({"status": 529}, {"status": 500})

    with pytest.raises(AnthropicStatusError, match="overloaded_error") as overloaded:
        wire.message()
    with pytest.raises(OpenAIInternalServerError):
        wire.chat()

    assert overloaded.value.status_code == 529


def test_rule_fits_by_provider_model_words_and_number(wire: Wire) -> None:
    wire.script(
        {
            "match": {"provider": "bedrock", "model": HAIKU, "contains": "France", "nth": 2},
            "status": 503,
        }
    )

    wire.converse(SONNET)
    wire.converse(text="Another question")
    wire.converse()
    with pytest.raises(ClientError):
        wire.converse()
    wire.converse()

    assert [call["status"] for call in wire.calls()] == [200, 200, 200, 503, 200]


def test_dropped_connection_is_in_the_log_without_a_status(wire: Wire) -> None:
    wire.script({"fault": "drop", "count": 2})

    with pytest.raises(ConnectionClosedError):
        wire.converse()
    with pytest.raises(APIConnectionError):
        wire.chat()

    assert [call["status"] for call in wire.calls()] == [None, None]


def test_broken_bodies(wire: Wire) -> None:
    wire.script({"fault": "half"}, {"fault": "html"}, {"body": "not json"})
    url, key = f"{wire.url}/v1/chat/completions", {"Authorization": "Bearer sk-local-1"}
    body = {"model": "gpt-6-luna", "messages": [{"role": "user", "content": "q"}]}

    with pytest.raises(requests.exceptions.RequestException):
        requests.post(url, json=body, headers=key, timeout=5)
    html = requests.post(url, json=body, headers=key, timeout=5)
    text = requests.post(url, json=body, headers=key, timeout=5)

    assert (html.status_code, html.headers["content-type"]) == (502, "text/html")
    assert (text.status_code, text.text) == (200, "not json")


def test_answers_that_are_none(wire: Wire) -> None:
    wire.script(
        {"fault": "empty"},
        {"fault": "no_usage"},
        {"ending": "refusal"},
        {"ending": "filter"},
        {"ending": "guardrail"},
        {"ending": "refusal"},
        {"usage": {"inputTokens": -5}},
    )

    assert wire.chat().choices == []
    assert wire.chat().usage is None
    refused = wire.chat().choices[0].message
    assert (refused.content, bool(refused.refusal)) == (None, True)
    assert wire.chat().choices[0].finish_reason == "content_filter"
    assert wire.converse()["stopReason"] == "guardrail_intervened"
    assert wire.message().stop_reason == "refusal"
    assert wire.converse()["usage"]["inputTokens"] == -5


def test_delay_is_kept_and_the_call_is_in_the_log_while_it_waits(wire: Wire) -> None:
    wire.script({"delay_ms": 5000})
    fast = wire.openai.with_options(timeout=0.2)

    started = time.monotonic()
    with pytest.raises(APIConnectionError):
        fast.chat.completions.create(
            model="gpt-6-luna", messages=[{"role": "user", "content": "q"}]
        )

    assert time.monotonic() - started < 3
    (call,) = wire.calls()
    assert (call["model"], call["ended_at"]) == ("gpt-6-luna", None)


def test_log_names_no_key_and_no_prompt(wire: Wire) -> None:
    wire.chat("a very private question")

    text = json.dumps(wire.calls())
    (call,) = wire.calls()

    assert "private" not in text
    assert "sk-local" not in text
    assert call["usage"]["total_tokens"] > 0
    assert call["prompt_hash"]
    assert call["key"]


@pytest.mark.parametrize(
    "rule", [{"stat": 500}, {"match": {"modell": "x"}}, {"fault": "explode"}, ["nonsense"]]
)
def test_wrong_rule_is_refused(wire: Wire, rule: Any) -> None:
    response = requests.post(f"{wire.url}/_admin/script", json=rule, timeout=5)

    assert response.status_code == 400
    assert response.json()["error"]
