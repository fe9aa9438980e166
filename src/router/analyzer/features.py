"""Turns a cleaned prompt into what the model reads: n-grams in blocks, and countable signals."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import log1p

from router.analyzer.ask import Parts, split
from router.analyzer.lexicon import CATEGORIES, ENGLISH, counters, words
from router.analyzer.messages import ALONE, Context, without_harness
from router.analyzer.noise import strip_noise
from router.analyzer.text import bounded, fold, strip_courtesies

BLOCKS = ("ask", "letters", "ends", "text")
_TOKEN = re.compile(
    r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]|[^\W\d_\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+"
    r"|\d+(?:[.,]\d+)*|[^\w\s']"
)
# The four separators are white space to every pattern that is not re.A.
_ASCII_TOKEN = re.compile(r"[a-z]+|\d+(?:[.,]\d+)*|[^\w\s'\x1c-\x1f]", re.A)
_FIGURES = "0123456789"
_SHAPES = frozenset({"#", "#1", "#2", "#3", "#4", "#5", "#6", "#d", "#y"})  # of numbers
_DIGITS = re.compile(r"\d")
_NUMBERS = re.compile(r"\d+")
_COUNTS = counters()
_COUNTED = frozenset(_COUNTS)
_WIDTH = len(CATEGORIES)
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
LONGEST_STEM = 14
_WORD_START = re.compile(  # a word with what follows it, as far as a stem may reach
    rf"(?=((?:(?<!\w)\w|[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]).{{0,{LONGEST_STEM - 1}}}))",
    re.S,
)
_CAPPED = bytes(min(n, 8) for n in range(256))  # the ninth word of a kind tells nothing new

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


@dataclass(frozen=True, slots=True)
class Features:
    """N-grams by block (in the order of BLOCKS) and one number for each of SIGNALS."""

    grams: tuple[set[str], ...]
    signals: list[float]
    parts: Parts


def tokens(text: str) -> list[str]:
    """Words, numbers by their shape, and punctuation marks."""
    found = (_ASCII_TOKEN if text.isascii() else _TOKEN).findall(text)
    if not any(map(text.__contains__, _FIGURES)):
        return found
    return [t if t >= ":" or t < "0" else _shape(t) for t in found]


def _shape(number: str) -> str:
    if not number.isdigit():
        return "#d"
    if len(number) == 4 and number[:2] in ("15", "16", "17", "18", "19", "20"):
        return "#y"
    return f"#{min(len(number), 6)}"


def _ngrams(words: list[str], longest: int) -> set[str]:
    found = set(words)
    found.update(map(" ".join, pairwise(words)))
    if longest > 2:
        found.update(map(" ".join, zip(words, words[1:], words[2:], strict=False)))
    return found


def _letters(text: str) -> set[str]:
    padded = f" {text} "
    return set(map("".join, zip(padded, padded[1:], padded[2:], padded[3:], strict=False)))


def _clip(text: str, head: int, tail: int) -> str:
    return text if len(text) <= head + tail else f"{text[:head]} {text[-tail:]}"


class Stems:
    """Stems of other languages with their counters; found at the start of words only."""

    def __init__(self, counters: Mapping[str, int]) -> None:
        self._counters = counters
        lengths: dict[str, set[int]] = {}
        for stem in counters:
            lengths.setdefault(stem[:2], set()).add(len(stem))
        self._lengths = {start: sorted(found, reverse=True) for start, found in lengths.items()}

    def seen(self, text: str) -> int:
        """Return the counters of the longest stem of each word, each category at most once."""
        found = 0
        for word in set(_WORD_START.findall(text + " ")):
            for size in self._lengths.get(word[:2], ()):
                if counter := self._counters.get(word[:size]):
                    found |= counter
                    break
        return found


def extract(prompt: str, stems: Stems, context: Context = ALONE) -> Features:
    """Read one prompt of any length in bounded time; ``stems`` are other languages'."""
    cleaned = fold(bounded(without_harness(prompt)))
    return read(strip_courtesies(strip_noise(cleaned)), stems, context)


def read(text: str, stems: Stems, context: Context = ALONE) -> Features:
    """Read text that was cleaned already."""
    parts = split(text)
    asked = _clip(parts.ask, 160, 80).replace("'", "")
    ask = body_words = tokens(asked)
    if (body := _clip(parts.body, 1100, 700).replace("'", "")) != asked:
        body_words = tokens(body)
        if len(body_words) > 250:
            body_words = body_words[:160] + body_words[-90:]
    ask_grams = _ngrams(["^", *ask, "$"], 3)
    text_grams = _ngrams(body_words, 2)
    ends = {"<" + g for g in _ngrams(body_words[:6], 3)}
    ends.update([">" + g for g in _ngrams(body_words[-7:], 2)])
    grams = (ask_grams, _letters(_DIGITS.sub("0", asked)), ends, text_grams)
    in_ask = sum(map(_COUNTS.__getitem__, _COUNTED & ask_grams))
    in_text = sum(map(_COUNTS.__getitem__, _COUNTED & text_grams))
    foreign = ENGLISH.isdisjoint(ask) or not text.isascii()
    if foreign:
        in_ask += stems.seen(asked)
        in_text += stems.seen(_clip(parts.body, 300, 200))
    counts = in_ask.to_bytes(_WIDTH, "little") + in_text.to_bytes(_WIDTH, "little")
    amount = parts.table_lines > 2 or context.table_lines > 2
    return Features(
        grams,
        [
            *_structure(text, parts, body_words, ask),
            float(foreign),
            *_related(parts, ask),
            *_surrounded(context),
            float(amount and bool(_AMOUNT.search(parts.ask))),
            *_form(text, parts.ask),
            *counts.translate(_CAPPED),
        ],
        parts,
    )


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
        shared = asked & {w[:6] for w in sentence.split()}
        best = max(best, len(shared))
        found |= shared
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
    numbers = list(filter(_SHAPES.__contains__, words))
    alphabetic = list(filter(str.isalpha, words))
    lengths = sorted(map(len, alphabetic))
    count = text.count
    figures = bool(numbers)
    counted = (
        size,
        len(words),
        count("\n"),
        len(ask),
        parts.sentences,
        parts.code_lines,
        parts.table_lines,
        len(numbers),
        len(set(_NUMBERS.findall(text))) if figures else 0,
        sum(map(_SHAPES.__contains__, ask)) if figures else 0,
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
        *map(log1p, counted),
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
