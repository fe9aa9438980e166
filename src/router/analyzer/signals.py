"""Counts what a prompt is made of: one number for each of SIGNALS."""

from __future__ import annotations

import re
from bisect import bisect_right
from math import log1p

from router.analyzer.ask import Parts
from router.analyzer.grams import SHAPES
from router.analyzer.lexicon import CATEGORIES, words
from router.analyzer.messages import ALONE, Context

_NUMBERS = re.compile(r"\d+")
_ARITHMETIC = re.compile(
    r"[0-9](?:\s*[-+*/^×÷x%=]\s*\(?-?[0-9]| (?:plus|minus|times) [0-9]|[xyz]\b)"
)
_VARIABLE = re.compile(r"[xyzn]\s*[\^=+]")
_LATEX = re.compile(r"\\[a-z]+|\$[^$\n]{1,80}\$")
_DATE = re.compile(
    r"[0-9](?:[0-9]{0,3}[-/.][0-9]{1,2}[-/.][0-9]|:[0-9][0-9]|(?:st|nd|rd|th|am|pm)\b| ?%)"
)
_WHICH = re.compile(
    r"(what(?:'s|s| is| are| was| were)?|who(?:'s|se|m)?|when|where|which|why|how many|how much"
    r"|how long|how far|how old"
    r"|how|is|are|was|were|do|does|did|can|if|in|the|a|i|my|we|there|write|prove|show|find)\b"
)
QUESTION_FORMS = (
    "what", "who", "when", "where", "which", "why", "how many", "how much", "how", "is", "do",
    "can", "if", "the", "i", "write", "prove", "find",
)  # fmt: skip
_FORM = {
    "what's": "what", "whats": "what", "what is": "what", "what are": "what", "what was": "what",
    "what were": "what", "who's": "who", "whose": "who", "whom": "who", "how long": "how many",
    "how far": "how many", "how old": "how many", "are": "is", "was": "is", "were": "is",
    "does": "do", "did": "do", "a": "the", "in": "the", "there": "the", "my": "i", "we": "i",
    "show": "prove",
}  # fmt: skip
_FORM_INDEX = {name: index for index, name in enumerate(QUESTION_FORMS)}
_SCRIPTS = (
    ("cyrillic or greek", re.compile(r"[\u0370-\u052f]")),
    ("arabic or hebrew", re.compile(r"[\u0590-\u08ff]")),
    ("indic or thai", re.compile(r"[\u0900-\u0eff]")),
    ("east asian", re.compile(r"[\u1100-\u11ff\u3040-\u9fff\uac00-\ud7af]")),
)
_POINTERS = words(
    """this that these those it its they them he she his her their above below here i my we our
    us"""
)
_COMMON_STARTS = frozenset(
    w[:6]
    for w in words(
        """what when where which whose does have been were with from that this than then there
        their about would could should will into many much your also they them only some each
        other more most such like just very give tell find list name make write true false answer
        question statement following above below table text passage document context"""
    )
)
_AMOUNT = re.compile(
    r"\b(?:how (?:many|much)|number of|total|sum|average|mean|difference|change|more|less|percent"
    r"|ratio|increase|decrease|combined|altogether|times)"
)
_NOTHING_BEFORE = (0.0,) * 5
_RULES = words("if all every each either unless whenever no nobody only")
_PLACES = words(
    """left right above below north south east west top bottom behind front upper lower next before
    after older younger taller shorter"""
)
_RELATIONS = words("of that which who whose whom where by in")
COUNTED = (  # on a logarithmic scale
    "characters", "words", "lines", "ask words", "sentences", "code lines", "table lines",
    "numbers",
    "distinct numbers", "numbers in the ask", "arithmetic signs", "latex", "dates", "years",
    "decimals",
    "percent signs", "currency signs", "equals signs", "single letters", "brackets", "quotes",
    "commas", "long words",
    "underscores", "rules", "places", "relations in the ask",
)  # fmt: skip
STRUCTURE = (
    *COUNTED, "share of the ask", "place of the ask", "questions", "imperatives", "options",
    "share of numbers", "question mark at end", "colon at end", "letters per word", "not ascii",
    "longest number", "code fence", "json", "distinct words", "share in quotes", "not english",
    "ask in one sentence", "ask in the rest", "ask points back", "own block",
    "turns before", "tables before", "code before", "text before", "after a tool",
    "amount asked of a table",
)  # fmt: skip
SIGNALS: tuple[str, ...] = (
    *STRUCTURE,
    *(f"form: {name}" for name in QUESTION_FORMS),
    *(f"script: {name}" for name, _ in _SCRIPTS),
    *(f"ask: {name}" for name in CATEGORIES),
    *(f"text: {name}" for name in CATEGORIES),
)


def counted(
    text: str, parts: Parts, body: list[str], ask: list[str], foreign: bool, context: Context
) -> list[float]:
    """Return all signals but the words of each category; ``body`` and ``ask`` are tokens."""
    amount = parts.table_lines > 2 or context.table_lines > 2
    return [
        *_structure(text, parts, body, ask),
        float(foreign),
        *_related(parts, ask),
        *_surrounded(context),
        float(amount and bool(_AMOUNT.search(parts.ask))),
        *_form(text, parts.ask),
    ]


def _linked(parts: Parts, body_words: list[str], ask: list[str]) -> tuple[int, int, int]:
    """Count what has to be chained: rules to reason by, places to relate, hops within the ask."""
    hops = sum(map(_RELATIONS.__contains__, ask))
    if parts.sentences < 2:
        return 0, 0, hops
    rules = sum(map(_RULES.__contains__, body_words))
    return rules, sum(map(_PLACES.__contains__, body_words)), hops


def _related(parts: Parts, ask: list[str]) -> tuple[float, float, float, float]:
    """Return how much of the ask one sentence of the rest holds, and how much all of it does.

    A look-up shares its words with one sentence; padding shares none, several steps share few.
    """
    points = float(not _POINTERS.isdisjoint(ask))
    if not parts.others:
        return 0.0, 0.0, points, 0.0
    asked = {w[:6] for w in ask if len(w) > 3} - _COMMON_STARTS
    if not asked:
        return 0.0, 0.0, points, parts.own_block
    best = 0
    found: set[str] = set()
    for sentence in parts.others:
        shared = list(filter(sentence.__contains__, asked))
        if shared:
            best = max(best, len(shared))
            found.update(shared)
    return best / len(asked), len(found) / len(asked), points, parts.own_block


def _surrounded(context: Context) -> tuple[float, ...]:
    if context is ALONE:
        return _NOTHING_BEFORE
    turns, tables, code, other, tool = context
    return log1p(turns), log1p(tables), log1p(code), log1p(other), float(tool)


def _form(text: str, ask: str) -> list[float]:
    form = [0.0] * (len(QUESTION_FORMS) + len(_SCRIPTS))
    if opened := _WHICH.match(ask):
        word = opened.group(1)
        form[_FORM_INDEX[_FORM.get(word, word)]] = 1.0
    if not text.isascii():
        for index, (_, pattern) in enumerate(_SCRIPTS, len(QUESTION_FORMS)):
            form[index] = float(bool(pattern.search(text)))
    return form


def _structure(text: str, parts: Parts, words: list[str], ask: list[str]) -> list[float]:
    size = len(text) or 1
    numbers = list(filter(SHAPES.__contains__, words))
    alphabetic = list(filter(str.isalpha, words))
    lengths = sorted(map(len, alphabetic))
    count = text.count
    figures = bool(numbers)
    logarithmic = (
        size,
        len(words),
        count("\n"),
        len(ask),
        parts.sentences,
        parts.code_lines,
        parts.table_lines,
        len(numbers),
        len(set(_NUMBERS.findall(text))) if figures else 0,
        sum(map(SHAPES.__contains__, ask)) if figures else 0,
        (len(_ARITHMETIC.findall(text)) if figures else 0)
        + (len(_VARIABLE.findall(text)) if "=" in text or "+" in text or "^" in text else 0),
        len(_LATEX.findall(text)) if "\\" in text or "$" in text else 0,
        len(_DATE.findall(text)) if figures else 0,
        numbers.count("#y"),
        numbers.count("#d"),
        count("%"),
        count("$") + count("€") + count("£"),
        count("="),
        bisect_right(lengths, 1),
        count("(") + count("{") + count("["),
        count('"'),
        count(","),
        len(lengths) - bisect_right(lengths, 9),
        count("_"),
        *_linked(parts, words, ask),
    )
    return [
        *map(log1p, logarithmic),
        len(parts.ask) / size,
        parts.position,
        min(parts.questions, 5),
        min(parts.imperatives, 6),
        min(parts.options, 8),
        len(numbers) / (len(words) or 1),
        text[-1:] in ("?", "？", "؟"),
        text[-1:] == ":",
        sum(lengths) / (len(lengths) or 1),
        0.0 if text.isascii() else len(text[:400].encode(errors="replace")) / len(text[:400]) - 1.0,
        max(map(len, numbers)) if figures else 0,
        "```" in text,
        count('":') > 1,
        len(set(alphabetic)) / (len(alphabetic) or 1),
        parts.quoted / size,
    ]
