"""What a Claude on Bedrock refuses, beyond Converse itself."""

from __future__ import annotations

import json
from collections.abc import Sequence

from local.simulator import catalogue, claude_history, claude_schemas
from local.simulator.bedrock.refusals import returned
from local.simulator.conversation import Tool, Turn
from local.simulator.model import Json

_SAMPLING = {"temperature": "temperature", "topP": "top_p", "topK": "top_k", "top_k": "top_k"}


def check(model: catalogue.Model, body: Json, turns: Sequence[Turn], tools: Sequence[Tool]) -> None:
    """Refuse parameters, tools and a history that this model does not take."""
    config = body.get("inferenceConfig") or {}
    extra = body.get("additionalModelRequestFields") or {}
    given = [wire for name, wire in _SAMPLING.items() if name in config or name in extra]
    if given and model.sampling == "none":
        raise returned(f"`{given[0]}` is deprecated for this model.")
    if model.sampling == "one" and {"temperature", "top_p"} <= set(given):
        raise returned(
            "`temperature` and `top_p` cannot both be specified for this model. "
            "Please use only one."
        )
    if any(not stop.strip() for stop in config.get("stopSequences") or ()):
        raise returned("stop_sequences: each stop sequence must contain non-whitespace")
    if model.thinks and (extra.get("thinking") or {}).get("type") in {"enabled", "disabled"}:
        raise returned("thinking: only `adaptive` is supported for this model.")
    _tools(model, body, tools)
    found = claude_history.too_many_marks(sum(tool.marked for tool in tools), turns)
    spoken = [turn for turn in turns if turn.role != "system"]
    enabled = (extra.get("thinking") or {}).get("type") == "enabled"
    found = found or claude_history.problem(model, spoken, thinking_enabled=enabled)
    if found:
        raise returned(found)


def thinks(body: Json) -> bool | None:
    """Whether the request has thinking switched on or off, None if it leaves it to the model."""
    kind = ((body.get("additionalModelRequestFields") or {}).get("thinking") or {}).get("type")
    return None if kind is None else kind != "disabled"


def _tools(model: catalogue.Model, body: Json, tools: Sequence[Tool]) -> None:
    config = body.get("toolConfig") or {}
    choice = config.get("toolChoice") or {}
    extra = body.get("additionalModelRequestFields") or {}
    thinking = model.thinks or (extra.get("thinking") or {}).get("type") == "enabled"
    if thinking and choice.keys() & {"any", "tool"}:
        raise returned("Thinking may not be enabled when tool_choice forces tool use.")
    names = [tool.name for tool in tools]
    if len(set(names)) < len(names):
        raise returned("tools: Tool names must be unique.")
    if "tool" in choice and choice["tool"]["name"] not in names:
        raise returned(f"tool_choice: Tool '{choice['tool']['name']}' not found in provided tools")
    for n, tool in enumerate(tools):
        if found := claude_schemas.tool_problem(tool.schema):
            raise returned(f"tools.{n}.custom.input_schema: {found}")
    specs = [tool.get("toolSpec") or {} for tool in config.get("tools") or ()]
    schemas = [spec["inputSchema"].get("json") for spec in specs if spec.get("strict")]
    if text_format := (body.get("outputConfig") or {}).get("textFormat"):
        try:
            schemas.append(json.loads(text_format["structure"]["jsonSchema"]["schema"]))
        except ValueError as error:
            raise returned(f"output_config.format.schema: {error}") from error
    if found := claude_schemas.problem(schemas):
        raise returned(found)
