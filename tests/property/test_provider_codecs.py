"""What a provider is asked holds the whole conversation, as far as the provider can express it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from router.conversation.blocks import Conversation, Document, Reasoning, Text, ToolResult, Turn
from router.conversation.tools import read_conversation
from router.invocation.call import ModelCall
from router.providers.anthropic_request import messages_body
from router.providers.bedrock_request import converse_arguments
from router.providers.cache_marks import MOST
from router.providers.openai_chat import http_body
from router.providers.openai_turns import FAILED
from tests.support.conversations import conversations
from tests.support.provider_requests import comparable, marks_of, of_converse, of_messages

CLAUDE = {"bedrock": "us.anthropic.claude-haiku-5-5", "anthropic": "claude-haiku-5-5"}


def call(provider: str, model: str, asked: Conversation) -> ModelCall:
    return ModelCall(provider, model, asked, 99)


def for_claude(asked: Conversation) -> Conversation:
    """Return a conversation with nothing in it that Claude's APIs have no field for."""
    closed = {"type": "object", "properties": {}, "additionalProperties": False}
    return replace(
        asked,
        turns=tuple(
            Turn(
                turn.role,
                tuple(replace(b, by=None) if isinstance(b, Reasoning) else b for b in turn.blocks),
            )
            for turn in asked.turns
        ),
        tools=tuple(replace(t, parameters=closed) if t.strict else t for t in asked.tools),
    )


@given(conversations())
def test_converse_is_asked_all_of_a_conversation(asked: Conversation) -> None:
    asked = for_claude(asked)
    assume(not (asked.choice and asked.choice.kind == "none"))
    marks = marks_of(asked) <= MOST

    arguments = converse_arguments(call("bedrock", CLAUDE["bedrock"], asked))

    assert comparable(of_converse(arguments), marks=marks) == comparable(asked, marks=marks)


@given(conversations())
def test_anthropic_is_asked_all_of_a_conversation(asked: Conversation) -> None:
    asked = for_claude(asked)
    marks = marks_of(asked) <= MOST

    body = messages_body(call("anthropic", CLAUDE["anthropic"], asked))

    assert json.loads(json.dumps(body)) == body
    assert comparable(of_messages(body), marks=marks) == comparable(asked, marks=marks)


@given(conversations())
def test_openai_is_asked_all_of_a_conversation(asked: Conversation) -> None:
    asked = for_openai(asked)

    body = http_body(call("openai", "gpt-6-luna", asked))

    assert json.loads(json.dumps(body)) == body
    assert comparable(read_conversation(body), marks=False) == comparable(asked, marks=False)


def for_openai(asked: Conversation) -> Conversation:
    """Return a conversation with nothing in it that OpenAI's chat has no field for."""

    def of(block: Any) -> Any:
        match block:
            case Document():
                return replace(block, name=block.name or "a.pdf")
            case ToolResult(parts=parts, is_error=True):
                return replace(block, parts=(Text(FAILED), *parts), is_error=False)
        return block

    turns = []
    for turn in asked.turns:
        blocks = tuple(of(b) for b in turn.blocks if not isinstance(b, Reasoning))
        turns.append(replace(turn, blocks=blocks))
    tools = tuple(replace(tool, strict=None) for tool in asked.tools)
    return replace(asked, turns=tuple(turns), tools=tools)


@given(conversations(), st.sampled_from(sorted(CLAUDE)))
def test_no_call_has_more_marks_than_a_provider_takes(asked: Conversation, provider: str) -> None:
    asked = for_claude(asked)
    if provider == "bedrock":
        written = of_converse(converse_arguments(call(provider, CLAUDE[provider], asked)))
    else:
        written = of_messages(messages_body(call(provider, CLAUDE[provider], asked)))

    assert marks_of(written) <= 4


@given(conversations(), st.sampled_from(sorted(CLAUDE)))
def test_the_same_conversation_gives_the_same_bytes(asked: Conversation, provider: str) -> None:
    asked = for_claude(asked)
    write: Any = converse_arguments if provider == "bedrock" else messages_body

    first, second = (write(call(provider, CLAUDE[provider], asked)) for _ in range(2))

    assert repr(first) == repr(second)


@given(conversations())
def test_roles_come_in_turn_and_a_user_begins(asked: Conversation) -> None:
    turns = for_claude(asked).turns
    shifted = replace(for_claude(asked), turns=turns[1:] if len(turns) > 1 else turns)
    assume(not shifted.turns[0].results)

    messages = converse_arguments(call("bedrock", CLAUDE["bedrock"], shifted))["messages"]

    roles = [message["role"] for message in messages]
    assert roles == (["user", "assistant"] * len(roles))[: len(roles)]
    texts = [part["text"] for message in messages for part in message["content"] if "text" in part]
    assert all(text.strip() for text in texts)
