"""Ordinary answers have each provider's shape, and the same usage for the same question."""

import pytest
from openai import BadRequestError as OpenAIBadRequest

from tests.local_patches.simulator.wire import HAIKU, SONNET, Wire


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
