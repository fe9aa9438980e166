"""Names the signals that carried a verdict, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from math import expm1
from operator import itemgetter

from router.analyzer.features import Features
from router.analyzer.signals import SIGNALS
from router.analyzer.types import Classification, Complexity

_COUNT = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_PHRASES = {
    "ask: calculate": "asks to calculate",
    "ask: aggregate": "asks for a sum, average, share or change",
    "ask: quantity": "asks how many or how much",
    "ask: arithmetic": "arithmetic in words",
    "ask: unit": "units of measure in the ask",
    "ask: money": "money in the ask",
    "ask: maths": "mathematical objects in the ask",
    "text: maths": "mathematical objects",
    "text: share": "amounts shared, left or compared",
    "text: number_word": "numbers in words",
    "text: consume": "a story of things bought, given or used",
    "ask: edit": "asks for a mechanical edit",
    "ask: text_object": "asks about wording, title or language",
    "ask: extract": "asks to extract or name something",
    "ask: lookup": "asks for a fact",
    "ask: assistant": "an everyday assistant request",
    "ask: create": "asks to write something",
    "ask: creative_object": "asks for a creative text",
    "text: creative_object": "creative writing",
    "ask: design": "asks to design or build",
    "ask: design_object": "about systems and their design",
    "text: design_object": "systems and their design",
    "ask: prove": "asks for a proof or a conclusion",
    "ask: diagnose": "asks to find the fault",
    "text: diagnosis": "symptoms of a fault",
    "ask: plan": "asks for a plan or advice",
    "ask: planning": "asks for a strategy with risks and alternatives",
    "ask: analyse": "asks to analyse or compare",
    "ask: analysis": "asks to weigh an argument",
    "text: analysis": "an argument to be weighed",
    "ask: why": "asks for an explanation",
    "text: code_object": "code is talked about",
    "ask: code_language": "names a programming language",
    "text: logic": "conditions to reason from",
    "text: sequence": "several steps",
    "ask: depth": "asks for depth",
    "text: length": "a length is prescribed",
    "ask: length": "a length is prescribed",
    "ask: truth": "a yes-or-no or true-or-false question",
    "text: persona": "a role to play",
    "text: phrase_persona": "a role to play",
    "text: domain": "a specialist field",
    "text: data": "data is talked about",
    "arithmetic signs": "an arithmetic expression",
    "latex": "mathematical notation",
    "form: how many": "asks how many",
    "form: how much": "asks how much",
    "form: who": "asks who",
    "form: when": "asks when",
    "form: where": "asks where",
    "form: what": "a what-question",
    "form: why": "asks why",
    "form: prove": "asks for a proof",
    "form: write": "asks to write something",
    "code fence": "a block of code",
    "percent signs": "percentages",
    "currency signs": "amounts of money",
}


_AT = {name: index for index, name in enumerate(SIGNALS)}
PHRASED = tuple((_AT[name], phrase) for name, phrase in _PHRASES.items())
_phrased = itemgetter(*(index for index, _ in PHRASED))
FLOOR = 0.12  # of the logit; what moves it by less is not what decided
_UNMOVED = "no sign of a harder task"


Places = tuple[tuple[int, float], ...]
"""Signals, each with the value that it would have if a reason did not apply."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A phrase and the signals that it names."""

    phrase: str
    signals: Places


@dataclass(frozen=True, slots=True)
class _Shape:
    """The reason from a prompt's layout, if its signals moved the label that way."""

    phrase: str  # with {} for the number of them
    names: tuple[str, ...]
    number: Callable[[Features], float]
    at_least: float = 1.0
    neutral: float = 0.0


def _signal(name: str) -> Callable[[Features], float]:
    index = _AT[name]
    return lambda features: features.signals[index]


def _numbers(features: Features) -> float:
    return round(expm1(features.signals[_AT["numbers"]]))


def _constraints(features: Features) -> float:
    signals = features.signals
    return signals[_AT["text: constraint"]] + signals[_AT["text: phrase_constraint"]]


def _around(features: Features) -> float:
    return 1.0 - features.signals[_AT["share of the ask"]]


_SHAPES = (
    _Shape("short ask after a long context", ("share of the ask",), _around, 0.7, neutral=1.0),
    _Shape("{} numbers to work with", ("numbers", "distinct numbers"), _numbers, 2),
    _Shape("{} constraints", ("text: constraint", "text: phrase_constraint"), _constraints, 2),
    _Shape("long task", ("characters", "words"), _signal("characters"), 6.2),
    _Shape("many sentences", ("sentences",), _signal("sentences"), 1.9),
    _Shape("code supplied", ("code lines",), _signal("code lines"), 1.5),
    _Shape("a table supplied", ("table lines",), _signal("table lines"), 1.3),
    _Shape("options to choose from", ("options",), _signal("options"), 3),
    _Shape("a table earlier in the conversation", ("tables before",), _signal("tables before"), 1),
    _Shape("code earlier in the conversation", ("code before",), _signal("code before"), 1),
    _Shape("follows a tool's result", ("after a tool",), _signal("after a tool")),
    _Shape(
        "one sentence of the text holds what is asked", ("ask in one sentence",),
        _signal("ask in one sentence"), 0.5,
    ),
)  # fmt: skip
_PLACED: tuple[tuple[_Shape, Places], ...] = tuple(
    (shape, tuple((_AT[name], shape.neutral) for name in shape.names)) for shape in _SHAPES
)


def _counted(number: int) -> str:
    return _COUNT[number] if number < len(_COUNT) else str(number)


def named(features: Features, weights: Sequence[float]) -> list[Reason]:
    """Return up to four reasons, the weightiest first: each moved the label's logit by FLOOR.

    ``weights`` holds what one more of each signal adds to the label's logit.
    """
    signals = features.signals
    ranked: list[tuple[float, str, Places]] = [
        (moved, phrase, ((index, 0.0),))
        for index, phrase in compress(PHRASED, _phrased(signals))  # most signals are zero
        if (moved := weights[index] * signals[index]) > FLOOR
    ]
    for shape, places in _PLACED:
        moved = 0.0
        for index, neutral in places:
            moved += weights[index] * (signals[index] - neutral)
        if moved > FLOOR and (number := shape.number(features)) >= shape.at_least:
            ranked.append((moved, shape.phrase.format(_counted(int(number))), places))
    ranked.sort(key=itemgetter(0), reverse=True)
    found: dict[str, Reason] = {}
    for _, phrase, places in ranked:
        if phrase not in found:
            found[phrase] = Reason(phrase, places)
            if len(found) == 4:
                break
    return list(found.values())


def reasons(label: Complexity, features: Features, weights: Sequence[float]) -> tuple[str, ...]:
    """Return what decided, in words of ours: none of the prompt's."""
    if found := named(features, weights):
        return tuple(reason.phrase for reason in found)
    return (_UNMOVED if label is Complexity.SIMPLE else f"worded like {_LIKE[label]}",)


def quoted(found: tuple[str, ...], worded: Callable[[], Sequence[str]]) -> tuple[str, ...]:
    """Return the reasons with the words of the ask, where only those decided."""
    if found[0].startswith("worded like") and (said := worded()):
        return (f"{found[0]}: " + ", ".join(f'"{words}"' for words in said),)
    return found


def inherits(found: Classification, ask: str) -> Classification:
    """Return the verdict of an earlier ask, with that as a reason."""
    line = " ".join(ask.split())
    line = line[:57] + "..." if len(line) > 60 else line
    return replace(
        found,
        reasons=("inherits the task of an earlier turn", *found.reasons[:3]),
        quoting=(f"inherits the task: {line}", *found.quoting[:3]),
    )


_LIKE = {Complexity.CALCULATION: "a calculation", Complexity.COMPLEX: "a harder task"}
