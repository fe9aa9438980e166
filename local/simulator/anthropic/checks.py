"""What the Messages API refuses of a request's parameters, messages and tools."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from local.simulator import catalogue, claude_history, claude_media, claude_schemas, fields
from local.simulator.anthropic.refusals import invalid
from local.simulator.conversation import Picture, Text, Tool, ToolCall, Turn
from local.simulator.model import Json

_IMAGE_BYTES, _MOST_IMAGES = 5 * 1024 * 1024, 600
_ID = re.compile(r"[a-zA-Z0-9_-]+")
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_LEAST_BUDGET = 1024


def parameters(model: catalogue.Model, body: Json) -> None:
    """Refuse sampling, thinking and limits that this model does not take."""
    for name in sorted(body.keys() - fields.MESSAGES):
        raise invalid(f"{name}: Extra inputs are not permitted")
    if not isinstance(body["max_tokens"], int) or body["max_tokens"] < 1:
        raise invalid("max_tokens: Input should be greater than or equal to 1")
    given = [name for name in ("temperature", "top_p", "top_k") if body.get(name) is not None]
    if given and model.sampling == "none":
        raise invalid(f"`{given[0]}` is deprecated for this model.")
    if model.sampling == "one" and {"temperature", "top_p"} <= set(given):
        raise invalid(
            "`temperature` and `top_p` cannot both be specified for this model. "
            "Please use only one."
        )
    if body.get("service_tier") not in (None, "auto", "standard_only"):
        raise invalid("service_tier: Input should be 'auto' or 'standard_only'")
    for n, stop in enumerate(body.get("stop_sequences") or ()):
        if not str(stop).strip():
            raise invalid(f"stop_sequences.{n}: each stop sequence must contain non-whitespace")
    _thinking(model, body)


def messages(model: catalogue.Model, body: Json, turns: Sequence[Turn]) -> None:
    """Refuse a conversation that the API or this model does not take."""
    # Models of today take a system turn in mid-conversation.
    roles = ("user", "assistant", *(("system",) if model.sampling == "none" else ()))
    for n, message in enumerate(body["messages"]):
        if message.get("role") not in roles:
            raise invalid(f"messages.{n}.role: Input should be 'user' or 'assistant'")
        if not message.get("content"):
            raise invalid(
                f"messages.{n}: all messages must have non-empty content except for the optional "
                "final assistant message"
            )
    if body["messages"][0].get("role") != "user":
        raise invalid('messages: first message must use the "user" role')
    for turn in turns:
        blocks = [block for block in turn.blocks if isinstance(block, Text)]
        where = "system" if turn.role == "system" else "messages"
        if any(not block.text for block in blocks):
            raise invalid(f"{where}: text content blocks must be non-empty")
        if any(not block.text.strip() for block in blocks):
            raise invalid(f"{where}: text content blocks must contain non-whitespace text")
    spoken = [turn for turn in turns if turn.role != "system"]
    _ids(spoken)
    _media(spoken)
    enabled = (body.get("thinking") or {}).get("type") == "enabled"
    if found := claude_history.problem(model, spoken, thinking_enabled=enabled):
        raise invalid(found)


def tools(model: catalogue.Model, body: Json, given: Sequence[Tool], turns: Sequence[Turn]) -> None:
    """Refuse tools, a choice among them, schemas and cache marks that the API does not take."""
    for n, tool in enumerate(given):
        if not _TOOL_NAME.fullmatch(tool.name):
            raise invalid(
                f"tools.{n}.custom.name: String should match pattern '{_TOOL_NAME.pattern}'"
            )
        if found := claude_schemas.tool_problem(tool.schema):
            raise invalid(f"tools.{n}.custom.input_schema: {found}")
    names = [tool.name for tool in given]
    if len(set(names)) < len(names):
        raise invalid("tools: Tool names must be unique.")
    _choice(model, body, names)
    schemas: list[Any] = [
        tool.get("input_schema") for tool in body.get("tools") or () if tool.get("strict")
    ]
    wanted = (body.get("output_config") or {}).get("format") or {}
    if wanted.get("schema") is not None:
        if found := claude_schemas.problem([wanted["schema"]]):
            raise invalid(f"output_config.format.schema: {found}")
        schemas.append(wanted["schema"])
    if found := claude_schemas.problem(schemas):
        raise invalid(found)
    if found := claude_history.too_many_marks(sum(tool.marked for tool in given), turns):
        raise invalid(found)


def _choice(model: catalogue.Model, body: Json, names: Sequence[str]) -> None:
    choice = body.get("tool_choice") or {}
    kind = choice.get("type")
    if choice and kind not in ("auto", "any", "tool", "none"):
        raise invalid(
            f"tool_choice: Input tag '{kind}' found using 'type' does not match any of the "
            "expected tags: 'auto', 'any', 'tool', 'none'"
        )
    if choice and not names:
        raise invalid("tool_choice may only be specified while providing tools.")
    if kind == "tool" and choice.get("name") not in names:
        raise invalid(f"tool_choice: Tool '{choice.get('name')}' not found in provided tools")
    thinking = model.thinks or (body.get("thinking") or {}).get("type") == "enabled"
    if thinking and kind in ("any", "tool"):
        raise invalid("Thinking may not be enabled when tool_choice forces tool use.")


def _thinking(model: catalogue.Model, body: Json) -> None:
    thinking = body.get("thinking") or {}
    if model.thinks and thinking.get("type") in ("enabled", "disabled"):
        raise invalid("thinking: only `adaptive` is supported for this model.")
    if thinking.get("type") == "enabled":
        budget = thinking.get("budget_tokens") or 0
        if budget < _LEAST_BUDGET:
            raise invalid(
                "thinking.enabled.budget_tokens: Input should be greater than or equal to "
                f"{_LEAST_BUDGET}"
            )
        if budget >= body["max_tokens"]:
            raise invalid("`max_tokens` must be greater than `thinking.budget_tokens`.")


def _ids(turns: Sequence[Turn]) -> None:
    for n, turn in enumerate(turns):
        for place, block in enumerate(turn.blocks):
            if isinstance(block, ToolCall) and not _ID.fullmatch(block.id):
                raise invalid(
                    f"messages.{n}.content.{place}.tool_use.id: String should match pattern "
                    f"'^{_ID.pattern}$'"
                )


def _media(turns: Sequence[Turn]) -> None:
    media = [each for turn in turns for each in turn.media]
    images = [each for each in media if isinstance(each, Picture)]
    if len(images) > _MOST_IMAGES:
        raise invalid(f"Too many images: {len(images)}. The maximum is {_MOST_IMAGES}.")
    if any(len(image.data) * 4 // 3 > _IMAGE_BYTES for image in images):
        raise invalid("image exceeds 5 MB maximum")
    if found := claude_media.problem(media):
        raise invalid(found)
