"""Conversations of a few turns, and what each provider is asked for them."""

from __future__ import annotations

from typing import Any

from router.conversation.blocks import (
    Conversation,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
)
from router.intake.call_options import CallOptions
from router.invocation.call import ModelCall
from router.providers.anthropic_request import messages_body
from router.providers.bedrock_request import converse_arguments
from router.providers.openai_chat import http_body
from tests.support.factories import HAIKU

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
CLOSED = SCHEMA | {"required": ["city"], "additionalProperties": False}
WEATHER = Tool("weather", "Tells the weather.", SCHEMA)
CALLED = Turn("assistant", (ToolCall("c1", "weather", '{"city": "Paris"}'),))
RESULT = Turn("tool", (ToolResult("c1", (Text("rain"),)),))
ASKED = Turn("user", (Text("Weather in Paris?"),))
NOVA = "us.amazon.nova-pro-v1:0"


def talk(*turns: Turn, **more: Any) -> Conversation:
    return Conversation(turns, tools=more.pop("tools", (WEATHER,)), **more)


def bedrock(asked: Conversation, model: str = HAIKU, **options: Any) -> dict[str, Any]:
    return converse_arguments(ModelCall("bedrock", model, asked, 9, options=CallOptions(**options)))


def anthropic(asked: Conversation, **options: Any) -> dict[str, Any]:
    model = "claude-haiku-5-5"
    return messages_body(ModelCall("anthropic", model, asked, 9, options=CallOptions(**options)))


def openai(asked: Conversation, **options: Any) -> dict[str, Any]:
    return http_body(ModelCall("openai", "gpt-6-luna", asked, 9, options=CallOptions(**options)))


def shape(messages: list[Any]) -> list[tuple[str, list[str]]]:
    """Return the roles, and the kinds of blocks in each."""
    return [(m["role"], [next(iter(part)) for part in m["content"]]) for m in messages]
