"""The simulated models' answers: the same question always gets the same one.

Facts and sums are answered rightly, so that a demonstration reads well. Everything else gets a
plausible text whose length depends on the question and the model. A token is four bytes of UTF-8.
"""

import ast
import hashlib
import json
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, get_args

from local.simulator import catalogue
from local.simulator.model import NOTHING_KEPT, Ask, Ending, Kept, Reply

_BYTES_PER_TOKEN = 4
_OVERHEAD_TOKENS = 8  # what a provider adds around a conversation

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
_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_SUM = re.compile(r"[-+(]*\d[\d.,]*(?:\s*[-+*/×÷x]\s*[-+(]*\d[\d.,]*\)*)+")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*(?:%|percent)\s+of\s+\$?(\d[\d,]*(?:\.\d+)?)", re.I)
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


def tokens(text: str) -> int:
    """Count the tokens of a text: its UTF-8 bytes over four, rounded up."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // _BYTES_PER_TOKEN)


def reply(
    ask: Ask, *, text: str | None = None, ending: str | None = None, kept: Kept = NOTHING_KEPT
) -> Reply:
    """Answer a question, cut at its token limit; thinking counts against that limit too.

    `text` and `ending` replace the model's own text and ending; `kept` is what the prompt cache
    did.
    """
    content = text if text is not None else _say(ask)
    model = catalogue.find(ask.model)
    seed = _seed(ask.question)
    thinking = " ".join(_pick(seed, 1 + seed % 3)) if model and model.thinks else ""
    thought = tokens(thinking)
    room = None if ask.max_tokens is None else max(ask.max_tokens - thought, 0)
    if ending == "length":
        room = min(room if room is not None else tokens(content), tokens(content) // 2)
    if ending in {"refusal", "filter"}:
        content = ""
    cut = room is not None and tokens(content) > room
    if cut:
        head = content.encode("utf-8", "surrogatepass")[: (room or 0) * _BYTES_PER_TOKEN]
        content = head.decode("utf-8", "ignore")
        thought = min(thought, ask.max_tokens or 0)
    return Reply(
        text=content,
        thinking=thinking,
        input_tokens=tokens(ask.prompt) + _OVERHEAD_TOKENS - kept.read - kept.written,
        output_tokens=tokens(content) + thought,
        thinking_tokens=thought,
        ending=_ending(ending) or ("length" if cut else "end"),
        kept=kept,
    )


def _ending(name: str | None) -> Ending | None:
    return next((each for each in get_args(Ending) if each == name), None)


def _say(ask: Ask) -> str:
    if ask.schema is not None:
        return json.dumps(_instance(ask.schema, ask.question))
    if kind := _classify(ask):
        return kind
    question = ask.question.lower()
    for words, fact in _FACTS:
        if all(word in question for word in words):
            return fact
    result = _calculate(ask.question)
    if result is not None:
        return f"The result is {result}."
    seed = _seed(ask.question)
    asks_much = len(question) > 160 or re.search(
        r"\b(write|design|prove|explain|plan|why)\b", question
    )
    topic = " ".join(ask.question.split()[:8]).rstrip("?.!,:;")
    return f"On “{topic}”: " + " ".join(_pick(seed, 5 + seed % 8 if asks_much else 1 + seed % 2))


def _classify(ask: Ask) -> str | None:
    """The reply to Faregate's own question about a request's kind, by its shape alone."""
    if '{"class": "SIMPLE"}' not in ask.prompt:
        return None
    try:
        request = json.loads(ask.question)["request"]
    except (ValueError, TypeError, KeyError):
        return None
    kind = "CALCULATION" if _calculate(request) else "COMPLEX" if len(request) > 160 else "SIMPLE"
    return json.dumps({"class": kind})


def _pick(seed: int, count: int) -> list[str]:
    return [_SENTENCES[(seed + n) % len(_SENTENCES)] for n in range(count)]


def _seed(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:4], "big")


def _calculate(question: str) -> str | None:
    """The value of the first sum or percentage in a question, or None."""
    if percent := _PERCENT.search(question):
        part, whole = (float(group.replace(",", "")) for group in percent.groups())
        return _format(part * whole / 100)
    if found := _SUM.search(question):
        text = found[0].replace(",", "").replace("×", "*").replace("x", "*").replace("÷", "/")
        try:
            return _format(_evaluate(ast.parse(text.rstrip("."), mode="eval").body))
        except (SyntaxError, ValueError, ZeroDivisionError, OverflowError):
            return None
    return None


def _evaluate(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return float(_OPERATORS[type(op)](_evaluate(left), _evaluate(right)))
    raise ValueError("not a sum")


def _format(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4f}".rstrip("0")


def _instance(schema: Mapping[str, Any], question: str) -> Any:
    """A value that a JSON Schema accepts, for the keywords structured outputs allow."""
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][_seed(question) % len(schema["enum"])]
    if "anyOf" in schema:
        return _instance(schema["anyOf"][0], question)
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: _instance(each, question + name) for name, each in properties.items()}
    if kind == "array":
        return [_instance(schema.get("items", {"type": "string"}), question)]
    seed = _seed(question)
    return {"string": "text", "integer": seed % 100, "number": seed % 100 / 10, "null": None}.get(
        kind, seed % 2 == 0
    )
