"""Answers as they are written, read by the official clients of OpenAI and Anthropic."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import anthropic
import openai
import pytest

from local import client
from local.deployment import Deployment
from tests.local_cloud.door import Door, door_of
from tests.local_cloud.official import (
    CHAT_TOOLS,
    MESSAGES_TOOLS,
    RESPONSES_TOOLS,
    anthropic_at,
    openai_at,
    three_calls,
)
from tests.local_cloud.simulator import Simulator
from tests.local_cloud.test_fault_stream import sums

TENANT = "streaming"
MODELS = ("auto", "SIMPLE", "CALCULATION", "COMPLEX")
LONG = "The Rhine flows on and on. " * 20


@pytest.fixture(scope="module")
def door(deployment: Deployment) -> Door:
    return door_of(deployment, TENANT)


@pytest.fixture(scope="module")
def openai_client(door: Door) -> Iterator[openai.OpenAI]:
    with openai_at(door) as client:
        yield client


@pytest.fixture(scope="module")
def anthropic_client(door: Door) -> Iterator[anthropic.Anthropic]:
    with anthropic_at(door) as client:
        yield client


@pytest.fixture
def prompt() -> str:
    return f"Describe the course of the Rhine in some sentences. {uuid4()}"


def turn(prompt: str) -> list[Any]:
    return [{"role": "user", "content": prompt}]


def settled(deployment: Deployment, name: str) -> client.Traced:
    [traced] = client.wait_until_settled(deployment, [name], 60, TENANT)
    assert traced.settled
    return traced


def answered(traced: client.Traced) -> Mapping[str, Any]:
    """Return the attempt that answered; `auto` may have asked a classifier first."""
    [attempt] = [row for row in traced.attempts if row["purpose"] == "answer"]
    return attempt


@pytest.mark.parametrize("model", MODELS)
def test_the_pieces_of_a_completion_are_its_stored_answer(
    deployment: Deployment, door: Door, openai_client: openai.OpenAI, prompt: str, model: str
) -> None:
    asked = {"include_usage": True}
    stream = openai_client.chat.completions.create(
        model=model,
        messages=turn(prompt),
        stream=True,
        stream_options=asked,  # type: ignore[arg-type]
    )
    chunks = list(stream)

    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    traced = settled(deployment, chunks[0].id)
    assert len(chunks) > 3
    assert text == traced.output == door.call("GET", f"/prompts/{chunks[0].id}").json()["output"]
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    usage = chunks[-1].usage
    assert usage
    assert usage.completion_tokens == answered(traced)["output_tokens"]


@pytest.mark.parametrize("model", MODELS)
def test_the_pieces_of_a_response_are_its_stored_answer(
    deployment: Deployment, openai_client: openai.OpenAI, prompt: str, model: str
) -> None:
    with openai_client.responses.stream(model=model, input=prompt) as stream:
        text = "".join(e.delta for e in stream if e.type == "response.output_text.delta")
        final = stream.get_final_response()

    traced = settled(deployment, final.id.removeprefix("resp_"))
    assert text == final.output_text == traced.output
    assert final.status == "completed"
    assert final.usage
    assert final.usage.output_tokens == answered(traced)["output_tokens"]


@pytest.mark.parametrize("model", MODELS)
def test_the_pieces_of_a_message_are_its_stored_answer(
    deployment: Deployment, anthropic_client: anthropic.Anthropic, prompt: str, model: str
) -> None:
    with anthropic_client.messages.stream(
        model=model, max_tokens=2_000, messages=turn(prompt)
    ) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()

    traced = settled(deployment, final.id)
    assert text == traced.output
    assert final.stop_reason == "end_turn"
    assert final.usage.output_tokens == answered(traced)["output_tokens"]


@pytest.mark.parametrize("model", MODELS)
def test_calls_of_tools_come_in_pieces(
    openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic, model: str
) -> None:
    with openai_client.chat.completions.stream(
        model=model, messages=turn(three_calls()), tools=CHAT_TOOLS
    ) as chat:
        called = chat.get_final_completion().choices[0].message.tool_calls or []
    with openai_client.responses.stream(
        model=model, input=three_calls(), tools=RESPONSES_TOOLS
    ) as responses:
        items = [i for i in responses.get_final_response().output if i.type == "function_call"]
    with anthropic_client.messages.stream(
        model=model, max_tokens=2_000, messages=turn(three_calls()), tools=MESSAGES_TOOLS
    ) as messages:
        blocks = [b for b in messages.get_final_message().content if b.type == "tool_use"]

    cities = ['{"city": "Rome"}', '{"city": "Ulm"}']
    assert [call.function.arguments for call in called] == cities
    assert [item.arguments for item in items] == cities
    assert [block.input for block in blocks] == [{"city": "Rome"}, {"city": "Ulm"}]


def test_a_stream_ends_with_its_model_and_cost(door: Door, prompt: str) -> None:
    body = {"model": "SIMPLE", "messages": turn(prompt), "stream": True}
    answer = door.call("POST", "/chat/completions", body)

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert ": x-faregate-cost-usd: 0.000" in answer.text
    assert answer.text.endswith("data: [DONE]\n\n")


def test_an_error_before_the_first_piece_is_an_ordinary_status(
    openai_client: openai.OpenAI,
    anthropic_client: anthropic.Anthropic,
    simulator: Simulator,
    prompt: str,
) -> None:
    simulator.script({"match": {"contains": prompt}, "status": 500, "count": None})

    with pytest.raises(openai.BadRequestError) as refused:
        openai_client.chat.completions.create(model="SIMPLE", messages=turn(prompt), stream=True)
    with pytest.raises(anthropic.BadRequestError) as refused_too:
        anthropic_client.messages.create(
            model="SIMPLE", max_tokens=99, messages=turn(f"{prompt} too"), stream=True
        )
    with pytest.raises(openai.BadRequestError, match="nothing is kept"):
        openai_client.responses.create(model="auto", input=prompt, previous_response_id="resp_1")

    assert refused.value.code == "ModelError"
    assert refused_too.value.type == "invalid_request_error"


@pytest.mark.parametrize("breaks", ["cut_after", "error_after"])
@pytest.mark.parametrize("model", ["SIMPLE", "CALCULATION", "COMPLEX"])
def test_a_model_that_breaks_off_ends_in_an_error_and_is_not_asked_again(
    deployment: Deployment,
    openai_client: openai.OpenAI,
    simulator: Simulator,
    prompt: str,
    breaks: str,
    model: str,
) -> None:
    simulator.script({"match": {"contains": prompt}, "text": LONG, breaks: 12, "count": None})
    chunks: list[Any] = []
    stream = openai_client.chat.completions.create(model=model, messages=turn(prompt), stream=True)

    with pytest.raises(openai.APIError, match="broke off"):
        deque(map(chunks.append, stream), maxlen=0)

    assert LONG.startswith("".join(c.choices[0].delta.content or "" for c in chunks))
    assert all(c.choices[0].finish_reason is None for c in chunks)
    traced = settled(deployment, chunks[0].id)
    assert traced.request["status"] == "FAILED"
    assert [row["outcome"] for row in traced.attempts] == ["UNKNOWN"]
    assert len(simulator.calls_with(prompt)) == 1


def test_every_protocol_names_a_break_as_an_error(
    openai_client: openai.OpenAI,
    anthropic_client: anthropic.Anthropic,
    simulator: Simulator,
    prompt: str,
) -> None:
    simulator.script({"match": {"contains": prompt}, "text": LONG, "cut_after": 12, "count": None})

    kinds = [
        event.type
        for event in openai_client.responses.create(model="SIMPLE", input=prompt, stream=True)
    ]
    with (
        pytest.raises(anthropic.APIError, match="broke off"),
        anthropic_client.messages.stream(
            model="SIMPLE", max_tokens=99, messages=turn(f"{prompt} too")
        ) as stream,
    ):
        stream.until_done()

    assert kinds[-1] == "response.failed"


def test_a_client_that_hangs_up_leaves_a_whole_answer(
    deployment: Deployment,
    door: Door,
    openai_client: openai.OpenAI,
    simulator: Simulator,
    prompt: str,
) -> None:
    simulator.script({"match": {"contains": prompt}, "text": LONG, "slow_ms": 100, "count": None})
    stream = openai_client.chat.completions.create(
        model="SIMPLE", messages=turn(prompt), stream=True
    )
    name = next(iter(stream)).id
    stream.close()

    assert client.trace(deployment, name, TENANT).request["status"] == "ACCEPTED"
    traced = settled(deployment, name)
    assert traced.request["status"] == "SUCCEEDED"
    [attempt] = traced.attempts
    assert (attempt["outcome"], attempt["cost_status"]) == ("OK", "PRICED")
    [call] = simulator.calls_with(prompt)
    assert call["read_to_end"] is True
    assert door.call("GET", f"/prompts/{name}").json()["output"] == traced.output == LONG


def test_what_streamed_here_is_accounted_for(deployment: Deployment) -> None:
    assert sums(deployment).differences == ()
