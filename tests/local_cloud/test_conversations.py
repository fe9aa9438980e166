"""Tools, pictures, documents and schemas, as the clients of OpenAI and Anthropic have them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import anthropic
import openai
import pytest

from local import client, cloud
from local.deployment import Deployment
from tests.local_cloud.door import Door, door_of
from tests.local_cloud.official import (
    CHAT_TOOLS,
    MESSAGES_TOOLS,
    RESPONSES_TOOLS,
    SCHEMA,
    anthropic_at,
    openai_at,
    result_of,
    three_calls,
)
from tests.local_cloud.simulator import Simulator
from tests.local_cloud.test_fault_stream import sums
from tests.local_patches.simulator.files import data_url, pdf, png, source
from tests.support.patience import HANGS_SECONDS

TENANT = "conversing"
SONNET = "us.anthropic.claude-sonnet-5-5"
MODELS = ("auto", "SIMPLE", "CALCULATION", "COMPLEX")
PICTURE, REPORT = png(640, 480), pdf(2)
CALLED = ["get_weather", "get_weather", "get_time"]


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


@pytest.mark.parametrize("model", MODELS)
def test_a_tool_loop_of_chat_completions_stays_with_its_model(
    openai_client: openai.OpenAI, model: str
) -> None:
    messages: list[Any] = [{"role": "user", "content": three_calls()}]
    served, called = set(), []
    while True:
        raw = openai_client.chat.completions.with_raw_response.create(
            model=model, messages=messages, tools=CHAT_TOOLS
        )
        choice = raw.parse().choices[0]
        served.add(raw.headers["x-faregate-model"])
        messages.append(choice.message)
        if not choice.message.tool_calls:
            break
        assert choice.finish_reason == "tool_calls"
        for call in choice.message.tool_calls:
            assert call.type == "function"
            called.append(call.function.name)
            result = result_of(call.function.name, call.function.arguments)
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})

    assert called == CALLED
    assert len(served) == 1
    assert "get_time of Rome: 18" in str(choice.message.content)


@pytest.mark.parametrize("model", MODELS)
def test_a_tool_loop_of_responses_stays_with_its_model(
    openai_client: openai.OpenAI, model: str
) -> None:
    items: list[Any] = [{"role": "user", "content": three_calls()}]
    served, called = set(), []
    while True:
        response = openai_client.responses.create(
            model=model, input=items, tools=RESPONSES_TOOLS, store=False
        )
        served.add(response.model)
        items += response.output
        calls = [item for item in response.output if item.type == "function_call"]
        if not calls:
            break
        for call in calls:
            called.append(call.name)
            output = result_of(call.name, call.arguments)
            items.append(
                {"type": "function_call_output", "call_id": call.call_id, "output": output}
            )

    assert called == CALLED
    assert len(served) == 1
    assert "get_time of Rome: 18" in response.output_text


@pytest.mark.parametrize("model", MODELS)
def test_a_tool_loop_of_messages_stays_with_its_model(
    anthropic_client: anthropic.Anthropic, model: str
) -> None:
    messages: list[Any] = [{"role": "user", "content": three_calls()}]
    served, called = set(), []
    while True:
        message = anthropic_client.messages.create(
            model=model, max_tokens=2_000, messages=messages, tools=MESSAGES_TOOLS
        )
        served.add(message.model)
        messages.append({"role": "assistant", "content": message.content})
        calls = [block for block in message.content if block.type == "tool_use"]
        if not calls:
            break
        assert message.stop_reason == "tool_use"
        called += [call.name for call in calls]
        results = [
            {"type": "tool_result", "tool_use_id": c.id, "content": result_of(c.name, c.input)}
            for c in calls
        ]
        messages.append({"role": "user", "content": results})

    assert called == CALLED
    assert len(served) == 1
    assert "get_time of Rome: 18" in "".join(b.text for b in message.content if b.type == "text")


@pytest.mark.parametrize(
    ("status", "follows"), [(429, "claude-sonnet-5-5"), (500, "us.anthropic.claude-sonnet-5")]
)
def test_another_model_goes_on_in_the_middle_of_a_loop(
    deployment: Deployment,
    anthropic_client: anthropic.Anthropic,
    simulator: Simulator,
    status: int,
    follows: str,
) -> None:
    question = three_calls()
    messages: list[Any] = [{"role": "user", "content": question}]
    match = {"contains": question, "model": SONNET}
    # The first of its calls is answered, with signed thinking; the provider fails from then on.
    simulator.script({"match": {**match, "nth": 1}, "delay_ms": 1}, {
        "match": match, "status": status, "count": None,
    })  # fmt: skip
    before, ids, served = len(simulator.calls()), [], []
    for _ in range(3):
        message = anthropic_client.messages.create(
            model="COMPLEX", max_tokens=2_000, messages=messages, tools=MESSAGES_TOOLS
        )
        ids.append(message.id)
        served.append(message.model)
        results = [
            {"type": "tool_result", "tool_use_id": b.id, "content": result_of(b.name, b.input)}
            for b in message.content
            if b.type == "tool_use"
        ]
        messages.append({"role": "assistant", "content": message.content})
        messages.append({"role": "user", "content": results})

    assert served == [SONNET, follows, follows]
    assert message.stop_reason == "end_turn"
    traces = client.wait_until_settled(deployment, ids, 60, TENANT)
    attempts = [attempt for traced in traces for attempt in traced.attempts]
    assert len(simulator.calls()) - before == sum(1 + row["retries"] for row in attempts)


@pytest.mark.parametrize("model", MODELS)
def test_openais_client_asks_about_a_picture_and_a_document(
    openai_client: openai.OpenAI, model: str
) -> None:
    picture = {"type": "image_url", "image_url": {"url": data_url("image/png", PICTURE)}}
    file = {"filename": "report.pdf", "file_data": data_url("application/pdf", REPORT)}
    parts: list[Any] = [
        {"type": "text", "text": f"What is this? {uuid4()}"},
        picture,
        {"type": "file", "file": file},
    ]
    completion = openai_client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": parts}]
    )
    in_responses: list[Any] = [
        {"type": "input_text", "text": f"What is this? {uuid4()}"},
        {"type": "input_image", "image_url": picture["image_url"]["url"], "detail": "auto"},
        {"type": "input_file", **file},
    ]  # fmt: skip
    response = openai_client.responses.create(
        model=model, input=[{"role": "user", "content": in_responses}]
    )

    for text in (str(completion.choices[0].message.content), response.output_text):
        assert "640 x 480" in text
        assert "2 pages" in text


@pytest.mark.parametrize("model", MODELS)
def test_anthropics_client_asks_about_a_picture_and_a_document(
    anthropic_client: anthropic.Anthropic, model: str
) -> None:
    parts: list[Any] = [
        {"type": "image", "source": source("image/png", PICTURE)},
        {"type": "document", "title": "report", "source": source("application/pdf", REPORT)},
        {"type": "text", "text": f"What is this? {uuid4()}"},
    ]
    message = anthropic_client.messages.create(
        model=model, max_tokens=500, messages=[{"role": "user", "content": parts}]
    )

    text = "".join(block.text for block in message.content if block.type == "text")
    assert "640 x 480" in text
    assert "2 pages" in text


def test_an_answer_has_the_schema_that_each_client_asks_for(
    openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic
) -> None:
    asked = f"Which city is the capital of France? {uuid4()}"
    form = {"name": "city", "schema": SCHEMA, "strict": True}
    completion = openai_client.chat.completions.create(
        model="SIMPLE",
        messages=[{"role": "user", "content": asked}],
        response_format={"type": "json_schema", "json_schema": form},  # type: ignore[typeddict-item]
    )
    response = openai_client.responses.create(
        model="SIMPLE",
        input=asked,
        text={"format": {"type": "json_schema", **form}},  # type: ignore[typeddict-item]
    )
    message = anthropic_client.messages.create(
        model="SIMPLE",
        max_tokens=500,
        messages=[{"role": "user", "content": asked}],
        output_config={"format": {"type": "json_schema", "schema": SCHEMA}},
    )

    [block] = message.content
    assert block.type == "text"
    for text in (str(completion.choices[0].message.content), response.output_text, block.text):
        assert json.loads(text).keys() == {"city"}


def test_what_a_model_does_not_take_is_dropped_and_named(openai_client: openai.OpenAI) -> None:
    raw = openai_client.chat.completions.with_raw_response.create(
        model="COMPLEX",
        messages=[{"role": "user", "content": f"Name a river. {uuid4()}"}],
        temperature=0.2,
        seed=7,
    )

    assert set(raw.headers["x-faregate-dropped"].split(", ")) == {"temperature", "seed"}


def test_the_models_are_listed_for_both_clients(
    openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic
) -> None:
    assert {model.id for model in openai_client.models.list()} >= set(MODELS)
    assert openai_client.models.retrieve("SIMPLE").id == "SIMPLE"
    assert {model.id for model in anthropic_client.models.list()} >= set(MODELS)


def test_tokens_are_counted_before_they_are_paid(anthropic_client: anthropic.Anthropic) -> None:
    def count(text: str) -> int:
        return anthropic_client.messages.count_tokens(
            model="auto", messages=[{"role": "user", "content": text}], tools=MESSAGES_TOOLS
        ).input_tokens

    assert 0 < count("Name a river.") < count("Name a river. " * 50)


def test_a_tool_turn_goes_through_the_workflow_too(deployment: Deployment, door: Door) -> None:
    def asked() -> dict[str, Any]:
        turn = {"role": "user", "content": three_calls()}
        return {"messages": [turn], "tools": CHAT_TOOLS}

    [arn] = client.start(deployment, [{**asked(), "tenant": TENANT}])
    started = json.loads(client.wait_for_execution(deployment, arn, 90)["output"])
    first = asked()
    posted = door.call("POST", "/prompts", first)
    assert posted.status_code == 200, posted.text
    found = posted.json()
    second = [
        *first["messages"],
        {"role": "assistant", "content": found["output"], "tool_calls": found["tool_calls"]},
        *(
            {"role": "tool", "tool_call_id": call["id"], "content": "18"}
            for call in found["tool_calls"]
        ),
    ]
    followed = door.call("POST", "/prompts", {"messages": second, "tools": CHAT_TOOLS})

    for calls in (started["tool_calls"], found["tool_calls"]):
        assert [call["function"]["name"] for call in calls] == CALLED[:2]
    assert followed.status_code == 200, followed.text
    assert [call["function"]["name"] for call in followed.json()["tool_calls"]] == CALLED[2:]
    assert followed.json()["model"] == found["model"]


def test_the_examples_of_the_documentation_run_as_they_are(door: Door, tmp_path: Path) -> None:
    (tmp_path / "chart.png").write_bytes(PICTURE)
    (tmp_path / "report.pdf").write_bytes(REPORT)
    page = (cloud.ROOT / "docs" / "conversations.md").read_text(encoding="utf-8")
    program = "\n".join(re.findall(r"^```python\n(.*?)^```", page, re.S | re.M))

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "FAREGATE_URL": door.url, "FAREGATE_KEY": door.key, "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=HANGS_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "18 degrees" in done.stdout
    assert "temperature" in done.stdout


def test_what_was_asked_here_is_accounted_for(
    deployment: Deployment, door: Door, simulator: Simulator
) -> None:
    raw = door.call("POST", "/chat/completions", {
        "model": "auto", "messages": [{"role": "user", "content": three_calls()}],
        "tools": CHAT_TOOLS,
    })  # fmt: skip

    name = raw.headers["x-faregate-request-id"]
    [traced] = client.wait_until_settled(deployment, [name], 60, TENANT)
    assert traced.priced
    assert traced.cost_usd == Decimal(raw.headers["x-faregate-cost-usd"])
    assert sums(deployment).differences == ()
