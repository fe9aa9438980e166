"""Says in words which signals carried a verdict."""

from __future__ import annotations

from collections.abc import Sequence

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


def _structural(label: Complexity, features: Features) -> list[str]:
    value = dict(zip(SIGNALS, features.signals, strict=True))
    parts = features.parts
    found = []
    numbers = round(2.718281828 ** value["numbers"] - 1)
    constraints = int(value["text: constraint"] + value["text: phrase_constraint"])
    if label is Complexity.COMPLEX and constraints >= 2:
        found.append(f"{_COUNT[constraints] if constraints < 10 else constraints} constraints")
    if label is Complexity.CALCULATION and parts.table_lines >= 3:
        found.append("asks for a number from supplied data")
    elif label is Complexity.CALCULATION and numbers >= 2:
        found.append(f"{_COUNT[numbers] if numbers < 10 else numbers} numbers to work with")
    if value["share of the ask"] < 0.3 and parts.sentences > 3:
        found.append("long paste, short ask")
    elif label is Complexity.SIMPLE and value["words"] < 3.1:
        found.append("short question")
    if label is Complexity.COMPLEX and value["characters"] > 6.2:
        found.append("long task")
    if parts.code_lines > 3:
        found.append("code supplied")
    if parts.options > 2:
        found.append("options to choose from")
    return found


def reasons(
    label: Complexity, features: Features, contributions: Sequence[float]
) -> tuple[str, ...]:
    """Return up to four phrases, the weightiest signals first, then the prompt's structure."""
    ranked = sorted(
        (
            (weight, _PHRASES[name])
            for name, value, weight in zip(SIGNALS, features.signals, contributions, strict=True)
            if value and weight > 0.05 and name in _PHRASES
        ),
        reverse=True,
    )
    words = list(dict.fromkeys([*(p for _, p in ranked[:3]), *_structural(label, features)]))
    return tuple(words[:4]) or ("no sign of a harder task",)
