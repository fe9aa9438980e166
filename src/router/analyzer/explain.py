"""Says in words which signals carried a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from math import expm1

from router.analyzer.features import SIGNALS, Features
from router.analyzer.types import Complexity

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
_NUMBERS, _SHARE, _WORDS, _CHARACTERS, _MUST, _AT_LEAST = (
    _AT[name]
    for name in (
        "numbers", "share of the ask", "words", "characters", "text: constraint",
        "text: phrase_constraint",
    )
)  # fmt: skip


def _counted(number: int) -> str:
    return _COUNT[number] if number < len(_COUNT) else str(number)


def _structural(label: Complexity, features: Features) -> list[str]:
    signals, parts = features.signals, features.parts
    found = []
    numbers = round(expm1(signals[_NUMBERS]))
    constraints = int(signals[_MUST] + signals[_AT_LEAST])
    if label is Complexity.COMPLEX and constraints >= 2:
        found.append(f"{_counted(constraints)} constraints")
    if label is Complexity.CALCULATION and parts.table_lines >= 3:
        found.append("asks for a number from supplied data")
    elif label is Complexity.CALCULATION and numbers >= 2:
        found.append(f"{_counted(numbers)} numbers to work with")
    if signals[_SHARE] < 0.3 and parts.sentences > 3:
        found.append("long paste, short ask")
    elif label is Complexity.SIMPLE and signals[_WORDS] < 3.1:
        found.append("short question")
    if label is Complexity.COMPLEX and signals[_CHARACTERS] > 6.2:
        found.append("long task")
    if parts.code_lines > 3:
        found.append("code supplied")
    if parts.options > 2:
        found.append("options to choose from")
    return found


def reasons(label: Complexity, features: Features, weights: Sequence[float]) -> tuple[str, ...]:
    """Return up to four phrases, the weightiest signals first, then the prompt's structure.

    ``weights`` holds what one more of each signal adds to the label's logit.
    """
    signals = features.signals
    ranked = sorted(
        [
            (weight, phrase)
            for index, phrase in PHRASED
            if signals[index] and (weight := weights[index] * signals[index]) > 0.05
        ],
        reverse=True,
    )
    words = list(dict.fromkeys([*[p for _, p in ranked[:3]], *_structural(label, features)]))
    return tuple(words[:4]) or ("no sign of a harder task",)
