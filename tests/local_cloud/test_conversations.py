"""Pictures, documents, schemas and options, as the clients of OpenAI and Anthropic have them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import anthropic
import openai
import pytest

from local import cloud
from local.deployment import Deployment
from tests.local_cloud.door import Door, door_of
from tests.local_cloud.official import (
    MESSAGES_TOOLS,
    SCHEMA,
    anthropic_at,
    openai_at,
)
from tests.local_patches.simulator.files import data_url, pdf, png, source
from tests.support.patience import HANGS_SECONDS

TENANT = "asking"
MODELS = ("auto", "SIMPLE", "CALCULATION", "COMPLEX")
PICTURE, REPORT = png(640, 480), pdf(2)


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


def test_openais_own_message_object_is_a_turn_of_the_next_request(
    openai_client: openai.OpenAI,
) -> None:
    asked: Any = [{"role": "user", "content": f"What is the capital of France? {uuid4()}"}]
    first = openai_client.chat.completions.create(model="auto", messages=asked)
    turns = [*asked, first.choices[0].message, {"role": "user", "content": "And of Spain?"}]

    second = openai_client.chat.completions.create(model="auto", messages=turns)

    assert second.choices[0].finish_reason == "stop"


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
