"""The official clients of OpenAI and Anthropic at the deployed API, and the tools they offer it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import anthropic
import httpx2
import openai

from tests.local_cloud.door import Door
from tests.support.patience import HANGS_SECONDS

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["city"],
    "properties": {"city": {"type": "string"}},
}
_DOES = {"get_weather": "The weather in a city", "get_time": "The time in a city"}
CHAT_TOOLS: list[Any] = [
    {"type": "function", "function": {"name": name, "description": does, "parameters": SCHEMA}}
    for name, does in _DOES.items()
]
RESPONSES_TOOLS: list[Any] = [
    {"type": "function", "name": name, "description": does, "parameters": SCHEMA, "strict": True}
    for name, does in _DOES.items()
]
MESSAGES_TOOLS: list[Any] = [
    {"name": name, "description": does, "input_schema": SCHEMA} for name, does in _DOES.items()
]


def three_calls() -> str:
    """Return a question whose answer takes two calls at once, and a third that follows."""
    return (
        f'Plan a day ({uuid4()}): call get_weather {{"city": "Rome"}} and call get_weather'
        ' {"city": "Ulm"}, then call get_time {"city": "Rome"}.'
    )


def result_of(name: str, arguments: Any) -> str:
    """Return what a tool answers."""
    given = json.loads(arguments) if isinstance(arguments, str) else arguments
    return f"{name} of {given['city']}: 18"


@contextmanager
def openai_at(door: Door) -> Iterator[openai.OpenAI]:
    with (
        httpx2.Client(trust_env=False, timeout=HANGS_SECONDS) as http,
        openai.OpenAI(base_url=door.url, api_key=door.key, http_client=http) as client,
    ):
        yield client


@contextmanager
def anthropic_at(door: Door) -> Iterator[anthropic.Anthropic]:
    with (
        httpx2.Client(trust_env=False, timeout=HANGS_SECONDS) as http,
        anthropic.Anthropic(
            base_url=door.url.removesuffix("/v1"), api_key=door.key, http_client=http
        ) as client,
    ):
        yield client
