"""What the models refuse of models, keys and parameters."""

from typing import Any

import pytest
import requests
from anthropic import AuthenticationError, BadRequestError, NotFoundError
from anthropic.types.message_create_params import MessageCreateParamsStreaming
from botocore.exceptions import ClientError
from openai import AuthenticationError as OpenAIAuthenticationError
from openai import BadRequestError as OpenAIBadRequest
from openai import NotFoundError as OpenAINotFound
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from openai.types.responses.response_create_params import ResponseCreateParamsStreaming

from cost_calculator.aws.error_codes import code_of
from local.simulator import fields
from tests.local_patches.simulator.wire import HAIKU, SONNET, Wire


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

    assert code_of(caught.value) == "ValidationException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_older_model_takes_a_temperature(wire: Wire) -> None:
    answer = wire.converse("us.anthropic.claude-sonnet-4-6", inferenceConfig={"temperature": 0.2})

    assert answer["stopReason"] == "end_turn"


def test_model_that_is_unknown_or_gone(wire: Wire) -> None:
    with pytest.raises(ClientError, match="identifier is invalid"):
        wire.converse("us.anthropic.claude-nonesuch")
    with pytest.raises(ClientError) as gone:
        wire.converse("anthropic.claude-3-haiku-20240307-v1:0")
    with pytest.raises(OpenAINotFound) as absent:
        wire.chat(model="gpt-none")
    with pytest.raises(NotFoundError, match="not_found_error"):
        wire.message(model="claude-nonesuch")

    assert code_of(gone.value) == "ResourceNotFoundException"
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


def fields_of(kind: type) -> set[str]:
    return {name for each in kind.__mro__ for name in getattr(each, "__annotations__", {})}


def test_the_known_fields_are_those_of_the_official_clients() -> None:
    assert fields_of(CompletionCreateParamsStreaming) == fields.CHAT_COMPLETIONS
    assert fields_of(ResponseCreateParamsStreaming) == fields.RESPONSES
    # The client has dropped the sampling that its older models still take.
    own = {"temperature", "top_p", "top_k"}
    assert fields_of(MessageCreateParamsStreaming) | own == fields.MESSAGES


def test_a_field_that_an_api_does_not_know_is_refused(wire: Wire) -> None:
    extra = {"extra_body": {"max_output": 5}}

    with pytest.raises(OpenAIBadRequest, match="Unknown parameter: 'max_output'"):
        wire.chat(**extra)
    with pytest.raises(OpenAIBadRequest, match="Unknown parameter: 'max_output'"):
        wire.respond(**extra)
    with pytest.raises(BadRequestError, match="max_output: Extra inputs are not permitted"):
        wire.message(**extra)


def test_converse_knows_no_choice_of_none(wire: Wire) -> None:
    spec = {"name": "look", "inputSchema": {"json": {"type": "object"}}}
    body = {
        "messages": [{"role": "user", "content": [{"text": "q"}]}],
        "toolConfig": {"tools": [{"toolSpec": spec}], "toolChoice": {"none": {}}},
    }
    signed = {"authorization": "AWS4-HMAC-SHA256 Credential=test/x"}

    answer = wire.post(f"/model/{HAIKU}/converse", body, signed)

    assert answer.status_code == 400
    assert "must set one of the following keys: auto, any, tool" in answer.json()["message"]
