"""Tools, pictures, documents and schemas, as Python's frameworks have them.

LangChain, pydantic-ai, instructor and the OpenAI Agents SDK are installed from PyPI as
requirements/clients.lock says, in an environment of their own.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from local import cloud
from local.deployment import Deployment
from tests.local_cloud.door import Door, door_of
from tests.local_cloud.official import three_calls
from tests.local_patches.simulator.files import pdf, png
from tests.support.patience import HANGS_SECONDS

PROGRAM = Path(__file__).parents[1] / "clients" / "converse.py"
FOLDER = cloud.ROOT / "build" / "python-clients"
LOCK = "requirements/clients.lock"
Converse = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def door(deployment: Deployment) -> Door:
    return door_of(deployment, "pypi")


@pytest.fixture(scope="module")
def python() -> Path:
    """Install the clients, and return their Python."""
    install = ["tools/venv.sh", str(FOLDER), LOCK]
    env = {**os.environ, "PYTHON": sys.executable}
    subprocess.run(install, cwd=cloud.ROOT, env=env, check=True, timeout=HANGS_SECONDS)
    return FOLDER / "bin" / "python"


@pytest.fixture
def converse(door: Door, python: Path) -> Converse:
    def run(name: str, prompt: str, **given: str) -> dict[str, Any]:
        known = {"BASE_URL": door.url, "KEY": door.key, "PROMPT": prompt, "NO_PROXY": "*"}
        done = subprocess.run(
            [python, PROGRAM, name],
            env={**os.environ, **known, **given},
            capture_output=True,
            text=True,
            timeout=HANGS_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return run


@pytest.mark.parametrize(
    "name",
    [
        "pydantic-ai tools", "pydantic-ai stream", "langchain tools", "langchain stream",
        "openai-agents tools", "openai-agents responses",
    ],
)  # fmt: skip
def test_a_tool_loop_of_three_calls_comes_to_its_end(converse: Converse, name: str) -> None:
    found = converse(name, three_calls())

    assert found["called"] == ["get_weather", "get_weather", "get_time"]
    assert "get_time of Rome: 18" in found["text"]


@pytest.mark.parametrize("name", ["pydantic-ai files", "langchain files"])
def test_a_picture_and_a_document_are_asked_about(converse: Converse, name: str) -> None:
    picture, report = (base64.b64encode(data).decode() for data in (png(640, 480), pdf(2)))

    text = converse(name, f"What is this? {uuid4()}", PICTURE=picture, REPORT=report)["text"]

    assert "640 x 480" in text
    assert "2 pages" in text


@pytest.mark.parametrize("name", ["pydantic-ai object", "langchain object", "instructor object"])
def test_an_answer_has_the_schema_that_was_asked_for(converse: Converse, name: str) -> None:
    found = converse(name, f"Which city is the capital of France? {uuid4()}")

    assert json.loads(found["text"]).keys() == {"city"}
