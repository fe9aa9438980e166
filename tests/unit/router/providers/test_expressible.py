"""A plan finds out what a provider cannot be asked, without the bytes of a file."""

from __future__ import annotations

from typing import Any

import pytest

from router.catalog.providers import PROVIDERS
from router.conversation.blocks import (
    Conversation,
    Document,
    Image,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
)
from router.conversation.media import Media
from router.intake.call_options import CallOptions
from router.invocation.call import ModelCall
from router.providers.expressible import unexpressible
from tests.support.conversations import picture
from tests.support.factories import HAIKU, asking

MODELS = {"bedrock": HAIKU, "openai": "gpt-6-luna", "anthropic": "claude-haiku-5-5"}
WORD = Media("application/msword", "d" * 64, 9, s3="s3://bucket/a.doc")
LOOP = (Turn("user", (Text("hi"),)), Turn("assistant", (ToolCall("c1", "f", ""),)))


def talk(*turns: Turn, **more: Any) -> Conversation:
    return Conversation(turns, **more)


def result(*parts: Any) -> Turn:
    return Turn("tool", (ToolResult("c1", parts),))


@pytest.mark.parametrize(
    ("asked", "options", "able"),
    [
        (asking("hi"), {}, {"bedrock", "openai", "anthropic"}),
        (talk(*LOOP, result(Text("x"))), {}, {"bedrock", "openai", "anthropic"}),
        (talk(*LOOP, result(Image(picture()))), {}, {"bedrock", "anthropic"}),
        (talk(Turn("user", (Document(WORD),))), {}, {"bedrock", "openai"}),
        (talk(LOOP[0], tools=(Tool("f", None, {"type": "object"}, True),)), {}, set()),
        (asking("hi"), {"seed": 7}, {"openai"}),
        (asking("hi"), {"temperature": 0.5}, {"bedrock", "openai", "anthropic"}),
    ],
)
def test_who_can_be_asked_a_call(asked: Conversation, options: Any, able: set[str]) -> None:
    calls = {
        name: ModelCall(name, MODELS[name], asked, 9, options=CallOptions(**options))
        for name in PROVIDERS
    }

    assert {name for name, call in calls.items() if unexpressible(call) is None} == able


def test_what_cannot_be_asked_is_described() -> None:
    call = ModelCall("openai", "gpt-6-luna", talk(*LOOP, result(Image(picture()))), 9)

    assert "into the user's turn" in (unexpressible(call) or "")
