"""Finds what is asked, apart from the text it is asked about."""

from __future__ import annotations

import re
from typing import NamedTuple

from router.analyzer.lexicon import words
from router.analyzer.stuffing import is_stuffing
from router.analyzer.text import strip_opener
from router.analyzer.verbs import EDITS, IMPERATIVES

MAX_SENTENCES = 48
_SENTENCE = re.compile(r"[^\n](?:[^\n.?!:。！？؟।]+|[.?!:](?!\s|$))*(?:[.?!:。！？؟।]|$)", re.M)
_CODE_START = re.compile(
    r"(?:#include|import \w|from \w+ import|def \w+\(|class \w+[:({]|return\b|for ?\(|while ?\("
    r"|(?:public|private|static|const|let|var) |</?\w|//|/\*|\*|\$ |>>>|@\w|\w+(?:\.\w+)* = )"
)
_CALL_AT_END = re.compile(r"\w\(\w*\)$")
_CODE_STARTS = words("#in imp fro def cla ret for whi pub pri sta con let var")
_GREEK = re.compile(r"[\u0370-\u03ff]")
# How to answer, not what: the ask is elsewhere if there is another one.
_FRAME = re.compile(
    r"(?:only )?(?:answer|respond|reply|output|return|say|use|read|based on|using|according to|be"
    r"|just|format|do not|don't|keep|given|you are|if (?:it|the answer) is not|here (?:is|are)"
    r"|let's think)\b"
)
_OPTION = re.compile(r"(?:\(?[a-h1-9][).:]\s|[-*•]\s)")
_CELLS = re.compile(r"[|\t;]|, ?(?=[\d(\"'$])|,(?=\S)")
_QUOTED = re.compile(r'"[^"]{20,3000}"|^>.*$', re.M)
_WORDS = re.compile(r"[^\W\d_]+")
_QUESTION_WORDS = words(
    """what whats who whos whom whose when where wheres which why how hows is are was were do does
    did can could should will would has have in on at name if"""
)


class Parts(NamedTuple):
    """A prompt cut up: the sentence that asks, the first and last ones, and what surrounds it."""

    ask: str
    body: str  # the text without quotes, runs of keywords and what an edit works on
    quoted: int  # characters in quotes
    first: str
    last: str
    position: float  # 0 the ask comes first .. 1 last
    sentences: int
    questions: int
    imperatives: int
    options: int
    code_lines: int
    table_lines: int
    own_block: float  # 1 if the ask is in a short first or last block of a longer text
    others: tuple[str, ...]  # sentences beside the ask


class _Cutter:
    """Counts what the sentences are and keeps the one that asks most plainly."""

    def __init__(self) -> None:
        self.best, self.score, self.index = "", -99.0, 0
        self.kept: list[str] = []
        self.own_block = False
        self.questions = self.imperatives = self.options = self.code = self.table = 0
        self.fenced = False

    def see(self, sentence: str, index: int, final: int, own_block: bool) -> None:
        """Count one sentence and compare how much it looks like the ask.

        ``own_block``: it is in a short block at either end of a longer text.
        """
        if is_stuffing(sentence):
            return
        self.kept.append(sentence)
        if sentence.startswith(("```", "~~~")):
            self.fenced = not self.fenced
            self.code += 1
            return
        bare = strip_opener(sentence)
        score = self._layout(sentence) + self._wording(sentence, bare)
        score += 1.7 * (index == 0) + 1.6 * (index == final) + 2.0 * own_block
        if sentence[-1] not in "?？؟" and _FRAME.match(bare):
            score -= 4
        if score >= self.score:
            self.best, self.score, self.index = bare, score, index
            self.own_block = own_block

    def _layout(self, sentence: str) -> float:
        score = 0.0
        end = sentence[-1]
        if (
            self.fenced
            or (end in ";{}" and not (end == ";" and _GREEK.search(sentence)))
            or (_may_start_code(sentence) and _CODE_START.match(sentence))
            or (end == ")" and _CALL_AT_END.search(sentence))
        ):
            self.code += 1
            score -= 4
        if sentence[0] in "(-*•abcdefgh123456789" and _OPTION.match(sentence):
            self.options += 1
            score -= 2
        if _may_hold_cells(sentence) and len(_CELLS.findall(sentence)) > 2:
            self.table += 1
            score -= 1.5
        if len(sentence) > 320 or len(sentence) < 8:
            score -= 1 if _WORDS.search(sentence) else 9  # a lone quote asks nothing
        return score

    def _wording(self, sentence: str, bare: str) -> float:
        score = 1.5 if len(bare) < len(sentence) else 0.0
        word = _WORDS.search(bare)
        opening = word.group() if word else ""
        if opening in IMPERATIVES or opening in EDITS:
            self.imperatives += 1
            score += 6 if opening in EDITS else 3
        elif opening in _QUESTION_WORDS:
            score += 1.5
        if sentence[-1] in "?？؟" or (sentence[-1] == ";" and _GREEK.search(sentence)):
            self.questions += 1
            score += 3
        elif "?" in sentence:
            score += 1
        elif sentence[-1] == ":":
            score += 1.5
        return score


def split(text: str) -> Parts:
    """Cut cleaned, lower-cased text into :class:`Parts`; the work is bounded by MAX_SENTENCES."""
    whole = len(text)
    text = _outside_quotes(text)
    lines = [stripped for s in _SENTENCE.findall(text) if (stripped := s.strip())]
    if len(lines) > MAX_SENTENCES:
        lines = lines[: MAX_SENTENCES // 2] + lines[-MAX_SENTENCES // 2 :]
    cutter = _Cutter()
    final = len(lines) - 1
    at_start, at_end = _ends(text, lines)
    for index, sentence in enumerate(lines):
        cutter.see(sentence, index, final, index < at_start or index > final - at_end)
    ask = cutter.best or text.strip()
    kept = cutter.kept or [ask]
    opening = _WORDS.match(ask)
    edits = opening is not None and opening.group() in EDITS
    return Parts(
        ask=ask,
        body=ask if edits else "\n".join(kept),
        quoted=whole - len(text),
        first=kept[0],
        last=kept[-1],
        position=cutter.index / final if final > 0 else 0.5,
        sentences=len(lines),
        questions=cutter.questions,
        imperatives=cutter.imperatives,
        options=cutter.options,
        code_lines=cutter.code,
        table_lines=cutter.table,
        own_block=float(cutter.own_block),
        others=tuple(s for i, s in enumerate(lines) if i != cutter.index),
    )


def _ends(text: str, lines: list[str]) -> tuple[int, int]:
    """Return how many sentences form a short block of their own at the start and at the end."""
    if len(lines) < 4 or "\n\n" not in text:
        return 0, 0
    blocks = [b for b in text.split("\n\n") if b.strip()]
    if len(blocks) < 2:
        return 0, 0
    short = min(400, len(text) // 3)
    first, last = blocks[0], blocks[-1]
    opening = len(_SENTENCE.findall(first)) if len(first) <= short else 0
    closing = len(_SENTENCE.findall(last)) if len(last) <= short else 0
    return opening, closing


def _outside_quotes(text: str) -> str:
    """Return the text without long quotes, if there is any text outside them."""
    if ('"' not in text and ">" not in text) or text.count('"') % 2:
        return text
    outside = _QUOTED.sub('"', text)
    return outside if len(outside) < len(text) and len(_WORDS.findall(outside)) > 1 else text


def _may_start_code(sentence: str) -> bool:
    return sentence[0] in "<>/*$@" or sentence[:3] in _CODE_STARTS or " = " in sentence


def _may_hold_cells(sentence: str) -> bool:
    count = sentence.count
    return count(",") + count("|") + count(";") + count("\t") > 2
