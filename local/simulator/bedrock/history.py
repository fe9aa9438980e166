"""What Converse refuses in a conversation, whichever model it is for."""

from __future__ import annotations

from itertools import pairwise

from local.simulator.bedrock.refusals import invalid, returned
from local.simulator.model import Json


def check(body: Json) -> None:
    """Refuse messages in an order, or with blocks, that Converse does not take."""
    messages = body.get("messages")
    if not messages:
        raise invalid("The conversation must start with a user message.")
    spoken = [message for message in messages if message["role"] != "system"]
    if messages[0]["role"] != "user":
        raise invalid(
            "A conversation must start with a user message. "
            "Try again with a conversation that starts with a user message."
        )
    for first, second in pairwise(spoken):
        if first["role"] == second["role"]:
            raise invalid(
                "A conversation must alternate between user and assistant roles. Make sure the "
                "conversation alternates between user and assistant roles and try again."
            )
    for block in body.get("system") or []:
        if not block.get("text", "-").strip():
            raise returned("system: text content blocks must contain non-whitespace text")
    for n, message in enumerate(messages):
        _contents(n, message)
    _tools(body, messages)


def _contents(n: int, message: Json) -> None:
    content = message["content"]
    if not [block for block in content if "cachePoint" not in block]:
        raise invalid(
            f"The content field in the Message object at messages.{n} is empty. "
            "Add a ContentBlock object to the content field and try again."
        )
    for place, block in enumerate(content):
        if not block.get("text", "-").strip():
            raise invalid(
                f"The text field in the ContentBlock object at messages.{n}.content.{place} "
                "is blank. Add text to the text field, and try again."
            )
        only = "assistant" if block.keys() & {"toolUse", "reasoningContent"} else "user"
        marked = block.keys() & {"toolUse", "toolResult", "reasoningContent", "image", "document"}
        if marked and message["role"] != only:
            raise invalid(
                f"The {next(iter(marked))} block at messages.{n}.content.{place} is only "
                f"supported in messages of the {only} role."
            )


def _tools(body: Json, messages: list[Json]) -> None:
    blocks = [block for message in messages for block in message["content"]]
    used = any({"toolUse", "toolResult"} & block.keys() for block in blocks)
    if used and not body.get("toolConfig"):
        raise invalid(
            "The toolConfig field must be defined when using toolUse and toolResult content blocks."
        )
    before: list[str] = []
    for n, message in enumerate(messages):
        results = _ids(message, "toolResult")
        missing = [each for each in before if each not in results]
        if missing:
            raise invalid(
                f"Expected toolResult blocks at messages.{n}.content for the following Ids: "
                f"{', '.join(missing)}"
            )
        if len(results) > len(before):
            raise invalid(
                f"The number of toolResult blocks at messages.{n}.content exceeds the number of "
                "toolUse blocks of previous turn."
            )
        before = _ids(message, "toolUse")


def _ids(message: Json, kind: str) -> list[str]:
    return [block[kind]["toolUseId"] for block in message["content"] if kind in block]
