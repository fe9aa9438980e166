"""The simulated models' answers: the same question always gets the same one.

Facts and sums are answered rightly, so that a demonstration reads well. Everything else gets a
plausible text whose length depends on the question and the model. A token is four bytes of UTF-8.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

from local.simulator import catalogue, passages, scans
from local.simulator.conversation import Document, Picture, ToolCall, Turn
from local.simulator.hashed_words import hashed
from local.simulator.instances import instance, seed
from local.simulator.model import NOTHING_KEPT, Ask, Ending, Kept, Reply
from local.simulator.sums import calculate
from local.simulator.tokens import cut, input_tokens, tokens
from local.simulator.tool_calls import call_id, calls_for

_FACTS = (
    (("capital", "france"), "The capital of France is Paris."),
    (("capital", "japan"), "The capital of Japan is Tokyo."),
    (("capital", "portugal"), "The capital of Portugal is Lisbon."),
    (("capital", "australia"), "The capital of Australia is Canberra."),
    (("boil", "water"), "At sea level, water boils at 100 °C (212 °F)."),
    (("romeo", "juliet"), "William Shakespeare wrote Romeo and Juliet."),
    (("speed", "light"), "Light travels at 299,792,458 metres per second in a vacuum."),
    (("largest", "planet"), "Jupiter is the largest planet of the solar system."),
    (("chemical", "gold"), "The chemical symbol of gold is Au."),
    (("continents",), "There are seven continents."),
)
_SENTENCES = (
    "Start from what is known and name what is not.",
    "The first part settles the constraints, the second works through the options.",
    "Each option costs something: time, money, or freedom to change course later.",
    "A small trial tells more than a long argument, so try the cheapest one first.",
    "Where two goals conflict, say which one yields and why.",
    "Write the decision down with its reasons, so that it can be revisited.",
    "Measure the outcome against what was expected, and adjust.",
    "What remains open should be listed, with an owner for each point.",
)


def reply(
    ask: Ask,
    *,
    text: str | None = None,
    ending: str | None = None,
    kept: Kept = NOTHING_KEPT,
    calls: Sequence[Mapping[str, Any]] | None = None,
    stop_reason: str | None = None,
) -> Reply:
    """Answer a question, cut at its token limit; thinking counts against that limit too.

    `text`, `ending`, `calls` and `stop_reason` replace the model's own; `kept` is what the prompt
    cache did.
    """
    called = calls_for(ask) if calls is None and text is None else _ordered(ask, calls or ())
    if ask.embeds:
        text = json.dumps(hashed(ask.prompt, ask.embeds))
    content = text if text is not None else "" if called else _say(ask)
    content, stopped_by = _stopped(content, ask.stops)
    thinking = _thinking(ask)
    thought = tokens(thinking)
    room = None if ask.max_tokens is None else max(ask.max_tokens - thought, 0)
    if ending == "length":
        wanted = tokens(content) + sum(tokens(call.arguments) for call in called)
        room = min(room if room is not None else wanted, wanted // 2)
    if ending in {"refusal", "filter"}:
        content, called = "", []
    whole = (content, called)
    content, called = _cut(content, called, room)
    if shortened := (content, called) != whole:
        thought, stopped_by = min(thought, ask.max_tokens or thought), None
    own: Ending = "length" if shortened else "tools" if called else "stop" if stopped_by else "end"
    said = tokens(content) + sum(tokens(call.arguments) for call in called)
    return Reply(
        text=content,
        thinking=thinking,
        input_tokens=input_tokens(ask) - kept.read - kept.written,
        output_tokens=said + thought,
        thinking_tokens=thought,
        ending=_ending(ending) or own,
        kept=kept,
        calls=tuple(called),
        stopped_by=stopped_by,
        stop_reason=stop_reason,
    )


def _thinking(ask: Ask) -> str:
    model = catalogue.find(ask.model)
    thinks = ask.thinks if ask.thinks is not None else bool(model and model.thinks)
    return " ".join(_pick(seed(ask.question), 1 + seed(ask.question) % 3)) if thinks else ""


def _ordered(ask: Ask, calls: Sequence[Mapping[str, Any]]) -> list[ToolCall]:
    """The calls that a rule orders; their arguments may be any text, also one that is no JSON."""
    return [
        ToolCall(
            str(call.get("id") or call_id(ask, n)),
            str(call["name"]),
            given if isinstance(given := call.get("arguments", {}), str) else json.dumps(given),
        )
        for n, call in enumerate(calls)
    ]


def _stopped(text: str, stops: Sequence[str]) -> tuple[str, str | None]:
    """The text up to the first stop sequence in it, and that sequence."""
    found = [(text.find(stop), stop) for stop in stops if stop and stop in text]
    return (text[: min(found)[0]], min(found)[1]) if found else (text, None)


def _cut(text: str, calls: Sequence[ToolCall], room: int | None) -> tuple[str, list[ToolCall]]:
    """What so many tokens hold: text first, then calls, the last of them broken off."""
    if room is None:
        return text, list(calls)
    if tokens(text) > room:
        return cut(text, room), []
    room -= tokens(text)
    kept: list[ToolCall] = []
    for call in calls:
        if tokens(call.arguments) > room:
            return text, [*kept, replace(call, arguments=cut(call.arguments, room))]
        room -= tokens(call.arguments)
        kept.append(call)
    return text, kept


def _ending(name: str | None) -> Ending | None:
    return next((each for each in get_args(Ending) if each == name), None)


def _say(ask: Ask) -> str:
    if ask.schema is not None:
        known = passages.answer(ask) or scans.answer(ask)
        return known or json.dumps(instance(ask.schema, ask.question))
    if kind := _classify(ask):
        return kind
    if answered := _given(ask):
        return answered
    question = ask.question.lower()
    for words, fact in _FACTS:
        if all(word in question for word in words):
            return fact
    result = calculate(ask.question)
    if result is not None:
        return f"The result is {result}."
    number = seed(ask.question)
    asks_much = len(question) > 160 or re.search(
        r"\b(write|design|prove|explain|plan|why)\b", question
    )
    topic = " ".join(ask.question.split()[:8]).rstrip("?.!,:;")
    return f"On “{topic}”: " + " ".join(
        _pick(number, 5 + number % 8 if asks_much else 1 + number % 2)
    )


def _classify(ask: Ask) -> str | None:
    """The reply to Faregate's own question about a request's kind, by its shape alone."""
    if '{"class": "SIMPLE"}' not in ask.prompt:
        return None
    try:
        request = json.loads(ask.question)["request"]
    except (ValueError, TypeError, KeyError):
        return None
    kind = "CALCULATION" if calculate(request) else "COMPLEX" if len(request) > 160 else "SIMPLE"
    return json.dumps({"class": kind})


def _given(ask: Ask) -> str:
    """What an answer says of the results and of the media that the last turn brings."""
    last = ask.turns[-1] if ask.turns else Turn("user", ())
    results = "; ".join(result.text for result in last.results if result.text)
    seen = f"I was given {', '.join(map(_looks, last.media))}." if last.media else ""
    return " ".join(filter(None, [results and f"According to the tools: {results}", seen]))


def _looks(media: Picture | Document) -> str:
    """What an answer says of an image or a document, so that its caller knows it arrived."""
    kind = media.format.upper()
    if isinstance(media, Picture):
        return f"a {kind} image of {media.width} x {media.height} pixels"
    pages = f" of {media.pages} page{'' if media.pages == 1 else 's'}" if media.pages else ""
    words = f" that begins with “{' '.join(media.text.split()[:6])}”" if media.text else ""
    return f"a {kind} document{pages}{words}"


def _pick(number: int, count: int) -> list[str]:
    return [_SENTENCES[(number + n) % len(_SENTENCES)] for n in range(count)]
