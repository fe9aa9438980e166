"""Finds what is asked, apart from the text it is asked about."""

from __future__ import annotations

import re
from dataclasses import dataclass

from router.analyzer.text import strip_opener

MAX_SENTENCES = 48
_SENTENCE = re.compile(r"[^\n]+?(?:[.?!:](?=\s|$)|[。！？؟।](?!$)|[。！？؟।]$|$)", re.M)
_CODE_LINE = re.compile(
    r"[;{}]\s*$|^\s*(?:#include|import \w|from \w+ import|def \w+\(|class \w+[:({]|return\b|for ?\(|while ?\("
    r"|(?:public|private|static|const|let|var) |</?\w+|//|/\*|\*|\$ |>>>|@\w+)|^\s*\w+(?:\.\w+)* = |\w\(\w*\)$"
)
_OPTION = re.compile(r"^\s*(?:\(?[a-h1-9][).:]\s|[-*•]\s)")
_CELLS = re.compile(r"[|\t;]|, ?(?=[\d(\"'$])|,(?=\S)")
_QUESTION_WORDS = frozenset(
    """what whats who whos whom whose when where wheres which why how hows is are was were do does did can could should
    will would has have in on at name if""".split()
)
IMPERATIVES = frozenset(
    """write translate summarize summarise explain describe list give find calculate compute solve evaluate determine
    simplify factor expand convert design implement create build develop compose draft generate make prove show derive
    compare contrast analyze analyse discuss propose plan outline suggest recommend rewrite rephrase paraphrase fix
    correct proofread shorten extract identify classify categorize label tag count sort rank order sum add subtract
    multiply divide integrate differentiate estimate round spell define name tell say state use turn change set book
    play remind call send show schedule order cancel order debug refactor optimize optimise review improve diagnose
    investigate assess argue critique imagine pretend act roleplay invent devise architect model simulate answer
    choose select pick complete continue fill replace remove rename delete insert capitalize format reformat sketch
    construct provide produce return output print read recommend formulate elaborate tell work figure decide predict
    reverse transform reduce plot draw graph decode encode decrypt parse validate test migrate deploy configure
    troubleshoot brainstorm role-play narrate adapt""".split()
)
_WORDS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Parts:
    """A prompt cut up: the sentence that asks, the first and last ones, and where the ask stands."""

    ask: str
    first: str
    last: str
    position: float  # 0 the ask stands first .. 1 last
    sentences: int
    questions: int
    imperatives: int
    options: int
    code_lines: int
    table_lines: int


def split(text: str, verbs: frozenset[str] = IMPERATIVES) -> Parts:
    """Cut cleaned, lower-cased text into :class:`Parts`; the work is bounded by MAX_SENTENCES."""
    lines = _SENTENCE.findall(text)
    if len(lines) > MAX_SENTENCES:
        lines = lines[: MAX_SENTENCES // 2] + lines[-MAX_SENTENCES // 2 :]
    best, best_score, best_index = "", -99.0, 0
    questions = imperatives = options = code_lines = table_lines = 0
    fenced = False
    final = len(lines) - 1
    for index, line in enumerate(lines):
        sentence = line.strip()
        if not sentence:
            continue
        if sentence.startswith(("```", "~~~")):
            fenced = not fenced
            code_lines += 1
            continue
        score = 0.0
        if fenced or _CODE_LINE.search(sentence):
            code_lines += 1
            score -= 4
        if sentence[0] in "(-*•abcdefgh" and _OPTION.match(sentence):
            options += 1
            score -= 2
        if len(sentence) > 6 and len(_CELLS.findall(sentence)) > 2:
            table_lines += 1
            score -= 1.5
        bare = strip_opener(sentence)
        if bare is not sentence and len(bare) < len(sentence):
            score += 1.5
        word = _WORDS.search(bare)
        first_word = word.group() if word else ""
        if first_word in verbs:
            score += 3
            imperatives += 1
        elif first_word in _QUESTION_WORDS:
            score += 1.5
        if sentence[-1] in "?？؟":
            score += 3
            questions += 1
        elif "?" in sentence:
            score += 1
        elif sentence[-1] == ":":
            score += 0.5
        if index == 0:
            score += 1
        if index == final:
            score += 1.6
        if len(sentence) > 320:
            score -= 1
        elif len(sentence) < 8:
            score -= 1
        if score >= best_score:
            best, best_score, best_index = bare, score, index
    first = next((s.strip() for s in lines if s.strip()), "")
    last = next((s.strip() for s in reversed(lines) if s.strip()), "")
    return Parts(
        ask=best,
        first=first,
        last=last,
        position=best_index / final if final > 0 else 0.5,
        sentences=len(lines),
        questions=questions,
        imperatives=imperatives,
        options=options,
        code_lines=code_lines,
        table_lines=table_lines,
    )
