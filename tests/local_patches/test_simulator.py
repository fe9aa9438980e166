"""The simulated providers speak to the real clients as the real ones do."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import requests
from anthropic import Anthropic, AuthenticationError, BadRequestError, NotFoundError
from anthropic import APIStatusError as AnthropicStatusError
from anthropic import RateLimitError as AnthropicRateLimit
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError
from openai import APIConnectionError, OpenAI
from openai import AuthenticationError as OpenAIAuthenticationError
from openai import BadRequestError as OpenAIBadRequest
from openai import InternalServerError as OpenAIInternalServerError
from openai import NotFoundError as OpenAINotFound
from openai import RateLimitError as OpenAIRateLimit

from local.simulator.server import Simulator

HAIKU, SONNET = "us.anthropic.claude-haiku-5-5", "us.anthropic.claude-sonnet-5-5"
QUESTION = "What is the capital of France?"


class Wire:
    """The simulator with the real clients in front of it."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.bedrock: Any = boto3.client(
            "bedrock-runtime",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )
        self.openai = OpenAI(base_url=f"{self.url}/v1", api_key="sk-local-1", max_retries=0)
        self.anthropic = Anthropic(base_url=self.url, api_key="sk-ant-local-1", max_retries=0)

    def script(self, *rules: dict[str, Any]) -> None:
        requests.post(f"{self.url}/_admin/script", json=rules, timeout=5).raise_for_status()

    def calls(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = requests.get(f"{self.url}/_admin/calls", timeout=5).json()[
            "calls"
        ]
        return found

    def converse(self, model: str = HAIKU, text: str = QUESTION, **more: Any) -> dict[str, Any]:
        messages = [{"role": "user", "content": [{"text": text}]}]
        answer: dict[str, Any] = self.bedrock.converse(modelId=model, messages=messages, **more)
        return answer

    def chat(self, text: str = QUESTION, **more: Any) -> Any:
        return self.openai.chat.completions.create(
            **{"model": "gpt-6-luna", "messages": [{"role": "user", "content": text}], **more}
        )

    def respond(self, question: str = QUESTION, **more: Any) -> Any:
        return self.openai.responses.create(**{"model": "gpt-6-luna", "input": question, **more})

    def message(self, text: str = QUESTION, **more: Any) -> Any:
        return self.anthropic.messages.create(
            **{
                "model": "claude-haiku-5-5",
                "max_tokens": 500,
                "messages": [{"role": "user", "content": text}],
                **more,
            }
        )


@pytest.fixture(scope="module")
def server() -> Iterator[Simulator]:
    with Simulator(0) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def clients(server: Simulator) -> Iterator[Wire]:
    made = Wire(server.server_port)
    yield made
    made.openai.close()
    made.anthropic.close()
    made.bedrock.close()


@pytest.fixture
def wire(server: Simulator, clients: Wire) -> Iterator[Wire]:
    yield clients
    server.script.clear()
    server.journal.clear()
    server.keys.put({"openai": None, "anthropic": None, "bedrock": None})


# ---- ordinary answers


def test_converse_answers_the_fact_with_its_usage(wire: Wire) -> None:
    answer = wire.converse()

    assert answer["output"]["message"]["content"] == [{"text": "The capital of France is Paris."}]
    assert answer["stopReason"] == "end_turn"
    usage = answer["usage"]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]
    assert len(answer["ResponseMetadata"]["RequestId"]) == 36


def test_each_provider_says_in_which_tier_it_served(wire: Wire) -> None:
    fast = wire.converse(serviceTier={"type": "flex"}, performanceConfig={"latency": "optimized"})

    assert fast["serviceTier"] == {"type": "flex"}
    assert fast["performanceConfig"] == {"latency": "optimized"}
    assert wire.converse()["serviceTier"] == {"type": "default"}
    assert wire.chat(service_tier="flex").service_tier == "flex"
    assert wire.chat().service_tier == wire.respond(service_tier="auto").service_tier == "default"
    assert wire.message(service_tier="auto").usage.service_tier == "standard"
    for refused in (wire.chat, wire.respond):
        with pytest.raises(OpenAIBadRequest):
            refused(service_tier="cheap")


def test_sonnet_thinks_first_and_bills_its_thinking(wire: Wire) -> None:
    content = (answer := wire.converse(SONNET))["output"]["message"]["content"]

    assert [next(iter(block)) for block in content] == ["reasoningContent", "text"]
    said = len(content[1]["text"].encode())
    assert answer["usage"]["outputTokens"] > -(-said // 4)


def test_profile_arn_names_the_model_too(wire: Wire) -> None:
    arn = f"arn:aws:bedrock:us-east-1:000000000000:inference-profile/{HAIKU}"

    assert wire.converse(arn)["stopReason"] == "end_turn"
    assert wire.calls()[0]["model"] == arn


def test_chat_completion_parses_and_counts_reasoning_as_completion(wire: Wire) -> None:
    answer = wire.chat("What is 17 * 23?")

    assert answer.choices[0].message.content == "The result is 391."
    assert answer.choices[0].finish_reason == "stop"
    reasoning = answer.usage.completion_tokens_details.reasoning_tokens
    assert 0 < reasoning < answer.usage.completion_tokens
    assert answer._request_id.startswith("req_")


def test_responses_parse(wire: Wire) -> None:
    answer = wire.respond("What is 15% of 80?")

    assert answer.output_text == "The result is 12."
    assert answer.status == "completed"
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens


def test_anthropic_message_parses(wire: Wire) -> None:
    answer = wire.message(model="claude-sonnet-5-5")

    assert [block.type for block in answer.content] == ["thinking", "text"]
    assert answer.content[1].text == "The capital of France is Paris."
    assert answer.usage.output_tokens_details.thinking_tokens > 0
    assert answer._request_id.startswith("req_")


def test_same_question_gets_the_same_answer_and_usage(wire: Wire) -> None:
    text = "Explain why a queue needs a dead-letter queue, and design one {braces} {% x %} $.y ☂"

    first, second = wire.converse(SONNET, text), wire.converse(SONNET, text)

    assert first["output"] == second["output"]
    assert first["usage"] == second["usage"]


@pytest.mark.parametrize("api", ["converse", "chat", "respond", "message"])
def test_schema_bound_answer_is_json_of_that_shape(wire: Wire, api: str) -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}, "kind": {"enum": ["a", "b"]}},
        "required": ["n", "kind"],
        "additionalProperties": False,
    }
    named = {"name": "shape", "schema": schema}
    more: dict[str, Any] = {
        "converse": {
            "outputConfig": {
                "textFormat": {
                    "type": "json_schema",
                    "structure": {"jsonSchema": {"name": "shape", "schema": json.dumps(schema)}},
                }
            }
        },
        "chat": {"response_format": {"type": "json_schema", "json_schema": named}},
        "respond": {"text": {"format": {"type": "json_schema", **named}}},
        "message": {"output_config": {"format": {"type": "json_schema", "schema": schema}}},
    }[api]

    text = text_of(api, getattr(wire, api)(**more))

    parsed = json.loads(text)
    assert isinstance(parsed["n"], int)
    assert parsed["kind"] in {"a", "b"}


def text_of(api: str, answer: Any) -> str:
    if api == "converse":
        return str(answer["output"]["message"]["content"][-1]["text"])
    if api == "chat":
        return str(answer.choices[0].message.content)
    if api == "respond":
        return str(answer.output_text)
    return str(answer.content[-1].text)


def test_answer_is_cut_at_the_token_limit(wire: Wire) -> None:
    long = "Write a plan and explain why each of its parts is needed."

    bedrock = wire.converse(text=long, inferenceConfig={"maxTokens": 5})
    chat = wire.chat(long, max_completion_tokens=40)
    response = wire.respond(long, max_output_tokens=60)
    message = wire.message(long, max_tokens=5)

    assert (bedrock["stopReason"], bedrock["usage"]["outputTokens"]) == ("max_tokens", 5)
    assert (chat.choices[0].finish_reason, chat.usage.completion_tokens) == ("length", 40)
    assert response.incomplete_details.reason == "max_output_tokens"
    assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 5)


# ---- what real models refuse


@pytest.mark.parametrize(
    ("model", "request_part", "words"),
    [
        (HAIKU, {"inferenceConfig": {"temperature": 0.5}}, "`temperature` is deprecated"),
        (SONNET, {"inferenceConfig": {"topP": 0.5}}, "`top_p` is deprecated"),
        (SONNET, {"additionalModelRequestFields": {"top_k": 5}}, "`top_k` is deprecated"),
        (
            "us.anthropic.claude-haiku-4-5-20251001-v1:0",
            {"inferenceConfig": {"temperature": 0.5, "topP": 0.5}},
            "cannot both be specified",
        ),
        (
            SONNET,
            {"additionalModelRequestFields": {"thinking": {"type": "disabled"}}},
            "adaptive",
        ),
    ],
)
def test_bedrock_refuses_what_the_model_refuses(
    wire: Wire, model: str, request_part: dict[str, Any], words: str
) -> None:
    with pytest.raises(ClientError, match=words) as caught:
        wire.converse(model, **request_part)

    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_older_model_takes_a_temperature(wire: Wire) -> None:
    answer = wire.converse("us.anthropic.claude-sonnet-4-6", inferenceConfig={"temperature": 0.2})

    assert answer["stopReason"] == "end_turn"


def test_prefill_and_blank_text_are_refused(wire: Wire) -> None:
    prefilled = [
        {"role": "user", "content": [{"text": "q"}]},
        {"role": "assistant", "content": [{"text": "{"}]},
    ]

    with pytest.raises(ClientError, match="prefill"):
        wire.bedrock.converse(modelId=SONNET, messages=prefilled)
    with pytest.raises(ClientError, match="is blank"):
        wire.converse(text="  ")


def test_model_that_is_unknown_or_gone(wire: Wire) -> None:
    with pytest.raises(ClientError, match="identifier is invalid"):
        wire.converse("us.anthropic.claude-nonesuch")
    with pytest.raises(ClientError) as gone:
        wire.converse("anthropic.claude-3-haiku-20240307-v1:0")
    with pytest.raises(OpenAINotFound) as absent:
        wire.chat(model="gpt-none")
    with pytest.raises(NotFoundError, match="not_found_error"):
        wire.message(model="claude-nonesuch")

    assert gone.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert absent.value.code == "model_not_found"


def test_openai_refuses_the_parameters_its_models_dropped(wire: Wire) -> None:
    for part in ({"reasoning_effort": "none"}, {"temperature": 0}, {"max_tokens": 5}):
        with pytest.raises(OpenAIBadRequest) as caught:
            wire.chat(**part)
        assert caught.value.code in {"unsupported_value", "unsupported_parameter"}, part
    with pytest.raises(OpenAIBadRequest):
        wire.respond(reasoning={"effort": "none"})


def test_anthropic_refuses_sampling_on_its_newer_models(wire: Wire) -> None:
    with pytest.raises(BadRequestError, match="`temperature` is deprecated"):
        wire.message(extra_body={"temperature": 0.1})


def test_missing_and_wrong_keys_are_401_and_the_key_can_be_rotated(wire: Wire) -> None:
    messages: Any = [{"role": "user", "content": "q"}]
    stranger = wire.openai.with_options(api_key="sk-other-key-abcd")
    with pytest.raises(OpenAIAuthenticationError) as wrong:
        stranger.chat.completions.create(model="gpt-6-luna", messages=messages)
    with pytest.raises(AuthenticationError):
        wire.anthropic.with_options(api_key="nope").messages.create(
            model="claude-haiku-5-5", max_tokens=5, messages=[{"role": "user", "content": "q"}]
        )
    requests.put(f"{wire.url}/_admin/keys", json={"openai": ["sk-new"]}, timeout=5)
    with pytest.raises(OpenAIAuthenticationError):
        wire.chat()

    assert wrong.value.code == "invalid_api_key"
    assert (
        wire.openai.with_options(api_key="sk-new")
        .chat.completions.create(model="gpt-6-luna", messages=[{"role": "user", "content": "q"}])
        .choices
    )


# ---- faults on order


def test_throttling_has_each_providers_shape(wire: Wire) -> None:
    wire.script({"status": 429, "retry_after": 7, "count": 3})

    with pytest.raises(ClientError) as bedrock:
        wire.converse()
    with pytest.raises(OpenAIRateLimit) as openai:
        wire.chat()
    with pytest.raises(AnthropicRateLimit) as anthropic:
        wire.message()

    assert bedrock.value.response["Error"]["Code"] == "ThrottlingException"
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

    assert caught.value.response["Error"]["Code"] == code
    assert type(caught.value).__name__ == code  # botocore knows it: the model names it


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


def test_marked_instructions_are_written_once_then_read_and_left_out_of_the_rest(
    wire: Wire,
) -> None:
    system = [{"text": "Follow the style guide. " * 100}, {"cachePoint": {"type": "default"}}]

    first, second = (wire.converse(system=system)["usage"] for _ in range(2))

    written = first["cacheWriteInputTokens"]
    assert written == 600
    assert first["cacheDetails"] == [{"ttl": "5m", "inputTokens": written}]
    assert (second["cacheReadInputTokens"], second["cacheWriteInputTokens"]) == (written, 0)
    assert first["inputTokens"] == second["inputTokens"] < 30
    assert first["totalTokens"] == first["inputTokens"] + written + first["outputTokens"]


def test_instructions_without_a_mark_or_below_the_minimum_are_not_kept(wire: Wire) -> None:
    long, short = {"text": "Follow the house style. " * 100}, {"text": "Be brief."}
    mark = {"cachePoint": {"type": "default"}}

    for system in ([long], [short, mark]):
        usages = [wire.converse(system=system)["usage"] for _ in range(2)]

        assert [usage["cacheWriteInputTokens"] for usage in usages] == [0, 0]
        assert [usage["cacheReadInputTokens"] for usage in usages] == [0, 0]


def test_anthropics_own_api_keeps_what_is_marked_as_well(wire: Wire) -> None:
    kept = {"type": "text", "text": "Mind the gap. " * 200, "cache_control": {"type": "ephemeral"}}
    usages = [
        wire.anthropic.messages.create(
            model="claude-sonnet-5-5", max_tokens=99, system=[kept],  # type: ignore[list-item]
            messages=[{"role": "user", "content": QUESTION}],
        ).usage
        for _ in range(2)
    ]  # fmt: skip

    assert usages[0].cache_creation_input_tokens == usages[1].cache_read_input_tokens == 700
