"""Tools, pictures, documents and schemas, as the AI SDK and LangChain.js have them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from local.deployment import Deployment
from tests.local_cloud import npm_clients
from tests.local_cloud.door import Door, door_of
from tests.local_cloud.official import three_calls
from tests.local_patches.simulator.files import pdf, png

Converse = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def door(deployment: Deployment) -> Door:
    return door_of(deployment, "npm")


@pytest.fixture(scope="module")
def folder() -> Path:
    return npm_clients.installed()


@pytest.fixture
def converse(door: Door, folder: Path) -> Converse:
    def run(name: str, prompt: str, **given: str) -> dict[str, Any]:
        printed = npm_clients.run(folder, door, "converse.mjs", name, PROMPT=prompt, **given)
        assert printed.startswith("{"), printed
        found: dict[str, Any] = json.loads(printed)
        return found

    return run


@pytest.mark.parametrize(
    "name", ["ai-sdk generateText", "ai-sdk streamText", "langchain invoke", "langchain stream"]
)
def test_a_tool_loop_of_three_calls_comes_to_its_end(converse: Converse, name: str) -> None:
    found = converse(name, three_calls())

    assert found["called"] == ["get_weather", "get_weather", "get_time"]
    assert "get_time of Rome: 18" in found["text"]


@pytest.mark.parametrize("name", ["ai-sdk files", "langchain files"])
def test_a_picture_and_a_document_are_asked_about(converse: Converse, name: str) -> None:
    picture, report = (base64.b64encode(data).decode() for data in (png(640, 480), pdf(2)))

    text = converse(name, f"What is this? {uuid4()}", PICTURE=picture, REPORT=report)["text"]

    assert "640 x 480" in text
    assert "2 pages" in text


@pytest.mark.parametrize("name", ["ai-sdk generateObject", "langchain withStructuredOutput"])
def test_an_answer_has_the_schema_that_was_asked_for(converse: Converse, name: str) -> None:
    found = converse(name, f"Which city is the capital of France? {uuid4()}")

    assert json.loads(found["text"]).keys() == {"city"}
