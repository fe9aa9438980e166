"""Which tools the simulated model calls, and with what.

It calls what the question says in so many words: `call get_weather {"city": "Paris"}`, several for
several at once, and `then` between what needs a result first. A question that has the words of a
tool's name ("What is the weather?" and `get_weather`) is a call of that tool, once. A choice that
forces a call brings one in any case. Arguments that the question does not give fit the schema.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence

from local.simulator.conversation import Tool, ToolCall
from local.simulator.instances import instance
from local.simulator.model import Ask

_NAME = r"\bcall (?P<name>[a-zA-Z0-9_-]+)"
_CALL, _THEN = re.compile(_NAME), re.compile(r"\bthen (?=call )")
_VERBS = {"get", "find", "search", "look", "lookup", "fetch", "list", "read", "run", "do", "the"}
_QUOTED = re.compile(r"[\"“]([^\"”]{1,80})[\"”]")
_CAPITAL = re.compile(r"(?<=[a-z,] )[A-Z][\w-]*(?: [A-Z][\w-]*)*")


def calls_for(ask: Ask) -> list[ToolCall]:
    """The calls that the model answers this request with; none for an answer in text."""
    if not ask.tools or ask.choice.kind == "none":
        return []
    rounds = _rounds(ask)
    wanted = _said(ask, rounds) or ([] if rounds else _meant(ask))
    if ask.choice.kind == "tool":
        named = [(tool, text) for tool, text in wanted if tool.name == ask.choice.name]
        wanted = named or [(tool, None) for tool in ask.tools if tool.name == ask.choice.name]
    elif ask.choice.kind == "any" and not wanted:
        wanted = [(ask.tools[0], None)]
    kept = wanted if ask.choice.parallel else wanted[:1]
    return [
        ToolCall(call_id(ask, n), tool.name, _arguments(ask, tool) if text is None else text)
        for n, (tool, text) in enumerate(kept)
    ]


def call_id(ask: Ask, number: int) -> str:
    """An id of 24 letters and digits, for the provider to put its own prefix to."""
    text = f"{ask.prompt}\0{len(ask.turns)}\0{number}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:24]


def _rounds(ask: Ask) -> int:
    """How many rounds of results came since the question."""
    rounds = 0
    for turn in reversed(ask.turns):
        if turn.results:
            rounds += 1
        elif turn.role == "user" and turn.words:
            break
    return rounds


def _said(ask: Ask, rounds: int) -> list[tuple[Tool, str | None]]:
    steps = [list(_named(step, ask.tools)) for step in _THEN.split(ask.question)]
    return steps[rounds] if rounds < len(steps) else []


def _named(step: str, tools: Sequence[Tool]) -> Iterator[tuple[Tool, str | None]]:
    by_name = {tool.name: tool for tool in tools}
    for found in _CALL.finditer(step):
        if tool := by_name.get(found["name"]):
            yield tool, _object_at(step[found.end() :].lstrip())


def _object_at(text: str) -> str | None:
    if not text.startswith("{"):
        return None
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except ValueError:
        return None
    return text[:end]


def _meant(ask: Ask) -> list[tuple[Tool, str | None]]:
    asked = set(re.findall(r"[a-z0-9]+", ask.question.lower()))
    return [(tool, None) for tool in ask.tools if (own := _words(tool.name)) and own <= asked]


def _words(name: str) -> set[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return set(re.findall(r"[a-z0-9]+", spaced.lower())) - _VERBS


def _arguments(ask: Ask, tool: Tool) -> str:
    word = next(iter(_QUOTED.findall(ask.question) or _CAPITAL.findall(ask.question)), "text")
    return json.dumps(instance(tool.schema, ask.question, word), ensure_ascii=False)
