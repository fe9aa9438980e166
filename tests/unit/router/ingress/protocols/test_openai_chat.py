"""OpenAI's shape over our requests: what it asks is passed on or refused, never ignored."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types.chat import ChatCompletion

from router.errors import Blocked, Filtered, InvalidRequest, Refused
from router.ingress.protocols.openai_chat import to_completion, to_request
from router.ingress.protocols.reply import reply_of
from router.invocation.call import Answer
from tests.fakes.api import Aws, Client
from tests.support.factories import HAIKU
from tests.support.runs import USAGE

CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
QUESTION = {"role": "user", "content": "What is the capital of France?"}


def body(**changes: Any) -> dict[str, Any]:
    return {"model": "auto", "messages": [QUESTION], **changes}


def test_auto_asks_for_no_tier_and_a_tiers_name_for_that_tier() -> None:
    assert to_request(body()) == {"messages": [QUESTION]}
    assert to_request(body(model="COMPLEX"))["tier"] == "COMPLEX"


def test_turns_tools_and_sampling_are_passed_on_as_they_are() -> None:
    asked: dict[str, Any] = {
        "messages": [
            {"role": "developer", "content": [{"type": "text", "text": "In French."}]},
            QUESTION,
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "c1", "content": "21"},
        ],
        "tools": [{"type": "function", "function": {"name": "f"}}],
        "tool_choice": "auto",
        "parallel_tool_calls": False,
        "temperature": 0,
        "stop": ["END"],
        "seed": 7,
        "reasoning_effort": "low",
    }

    assert to_request(body(**asked)) == asked


def test_limits_metadata_and_user_are_passed_on() -> None:
    request = to_request(body(max_completion_tokens=9, metadata={"team": "a"}, user="u-1"))

    assert (request["max_tokens"], request["metadata"]) == (9, {"team": "a", "user": "u-1"})


def test_json_object_asks_for_an_object() -> None:
    request = to_request(body(response_format={"type": "json_object"}))

    assert request["response_schema"] == {"type": "object"}


def test_a_json_schema_becomes_the_response_schema() -> None:
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}

    assert to_request(body(response_format=form))["response_schema"] == {"type": "object"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n": 2}, "one answer"),
        ({"logprobs": True}, "`logprobs` is not passed on"),
        ({"store": True}, "`store` is not passed on to the models: leave it out, or send false"),
        ({"functions": [{"name": "f"}]}, "have become `tools`"),
        ({"response_format": {"type": "json_schema"}}, "must be an object"),
        ({"response_format": {"type": "json_schema", "json_schema": "x"}}, "must be an object"),
        ({"response_format": {"type": "xml"}}, "one of text, json_object, json_schema"),
        ({"max_tokens": 1, "max_completion_tokens": 2}, "not both"),
        ({"messages": []}, "must not be empty"),
        ({"messages": [{"role": "function", "content": "x"}]}, "must be one of system"),
        ({"model": "the best one"}, "`model` must match"),
        ({"stream": "yes"}, "`stream` must be a boolean"),
    ],
)
def test_what_cannot_be_heeded_is_refused_with_what_to_write(
    change: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidRequest, match=said):
        to_request(body(**change))


def test_what_says_nothing_is_taken() -> None:
    defaults = {"stream": False, "n": 1, "temperature": 1.0, "top_p": 1, "seed": None}
    defaults |= {"prompt_cache_key": "k", "safety_identifier": "s", "store": False}
    defaults |= {"tools": [], "logit_bias": {}, "response_format": None, "user": None}

    assert to_request(body(**defaults)) == {"messages": [QUESTION]}


def test_true_is_not_taken_for_1() -> None:
    with pytest.raises(InvalidRequest):
        to_request(body(n=True))


def test_the_completion_is_what_openais_client_reads() -> None:
    status, answer, headers = Client(Aws()).call("POST", "/chat/completions", body())
    completion = ChatCompletion.model_validate(answer, strict=True)

    assert status == 200
    assert completion.choices[0].message.content == "Paris."
    assert completion.choices[0].finish_reason == "stop"
    assert completion.model == headers["x-faregate-model"]
    assert completion.id == headers["x-faregate-request-id"]
    assert headers["x-faregate-tier"] == "SIMPLE"
    assert float(headers["x-faregate-cost-usd"]) > 0


def test_prompt_tokens_count_the_cached_as_openai_does() -> None:
    usage = {"inputTokens": 100, "outputTokens": 10, "cacheReadInputTokens": 50}
    aws = Aws(says=[Answer("Paris.", False, usage, HAIKU)])

    usage = Client(aws).call("POST", "/chat/completions", body())[1]["usage"]

    assert usage["prompt_tokens"] == 150
    assert usage["prompt_tokens_details"] == {"cached_tokens": 50}
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] == 160


def test_tokens_that_are_not_known_are_left_out() -> None:
    shown = {
        "request_id": "r", "accepted_at": "2026-11-21T10:00:00.000Z", "output": "x",
        "status": "TRUNCATED",
    }  # fmt: skip

    completion = to_completion(reply_of(shown, [{"served": 1}]))

    assert "usage" not in completion
    assert completion["choices"][0]["finish_reason"] == "length"


def test_no_answer_in_time_is_a_504_that_says_where_it_will_be() -> None:
    aws = Aws()
    Client(aws).call("POST", "/chat/completions", body())
    [rows] = aws.rows.values()
    rows["REQUEST"]["status"] = "ACCEPTED"  # another function carries it

    status, answer, headers = Client(aws).call("POST", "/chat/completions", body())

    name = aws.accepted[0]["request_id"]
    assert (status, answer["error"]["type"]) == (504, "NotAnsweredYet")
    assert headers["location"] == f"/v1/prompts/{name}"
    assert headers["location"] in answer["error"]["message"]
    assert (headers["retry-after"], "x-should-retry" in headers) == ("1", False)


@pytest.mark.parametrize("status", ["REFUSED", "FILTERED", "BLOCKED"])
def test_what_was_withheld_is_an_answer_without_text_and_no_error(status: str) -> None:
    error = {"REFUSED": Refused, "FILTERED": Filtered, "BLOCKED": Blocked}[status]
    aws = Aws(says=[error("no", usage=USAGE)])

    code, answer, _ = Client(aws).call("POST", "/chat/completions", body())
    completion = ChatCompletion.model_validate(answer, strict=True)

    assert code == 200
    assert completion.choices[0].finish_reason == "content_filter"
    assert completion.choices[0].message.content == ""
    assert completion.usage is not None
    assert completion.usage.total_tokens > 0


def test_an_idempotency_key_is_the_request_id() -> None:
    aws = Aws()

    Client(aws).call("POST", "/chat/completions", body(), headers={"Idempotency-Key": "k-1"})

    assert [payload["request_id"] for payload in aws.accepted] == ["k-1"]


def test_what_is_refused_is_told_in_the_words_of_a_completion(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    aws = Aws()
    client = Client(aws)

    def refuse(*_: object) -> None:
        raise InvalidRequest("`tier` must be one of SIMPLE, COMPLEX")

    wrong_key = client.call("POST", "/chat/completions", body(), headers={"idempotency-key": "a b"})
    monkeypatch.setattr(aws, "accept", refuse)
    wrong_model = client.call("POST", "/chat/completions", body(model="gpt-4"))

    assert "the header `Idempotency-Key` must match" in wrong_key[1]["error"]["message"]
    assert "`model` must be auto, or one of SIMPLE" in wrong_model[1]["error"]["message"]
