"""Takes out what is put around an ask to dress it: objects, claims, keywords."""

from __future__ import annotations

import re
from itertools import pairwise

from router.analyzer.lexicon import ENGLISH, VERBS, WORDS, words

_STUFFED = ("keyword", "key word", "tags", "topics", "buzzword", "#")
_WRAPPED = re.compile(
    r'"(?:prompt|text|says|query|question|input|message|ask|user|user_prompt)"\s*:\s*'
    r'"((?:[^"\\]|\\.)+)"'
)
# What somebody claims to be before a colon asks for nothing.
_COSTUME = re.compile(r"^as (?:a|an|someone|somebody|one)\b[^.:!?\n]{4,140}:\s+(?=\S)", re.M)
_LISTED = re.compile(
    r"[(\[<]?\b(?:key ?words?|tags?|topics|buzzwords)\s*[:=][^)\]>\n]{0,300}[)\]>]?"
    r"|(?:#[a-z][\w-]+ ?){3,}"
)
# One set of characters first, so that the engine skips all others.
_CUT = re.compile(
    r"[\s()\[\]](?:(?<=\s)(?<!\s\s)\s*(?:--+|[—–|/])\s|(?<=[\n()\[\]])|(?<=[.:;!?]\s))"
)
# What a prompt is stuffed with to look hard.
_HARD = words(
    " ".join(
        [
            WORDS[name]
            for name in (
                "design_object",
                "analysis",
                "planning",
                "maths",
                "domain",
                "depth",
                "creative_object",
                "code_object",
                "diagnosis",
                "logic",
            )
        ]
        + [VERBS[name] for name in ("design", "prove", "diagnose", "analyse", "plan", "create")]
    )
    + """ proof proofs lemma corollary axiom rigorous rigor step-by-step multi-hop heuristic
    heuristics paradigm blockchain kernel monad lattice fixpoint deadlock quorum benchmark rollback
    observability incident critical exhaustive dive deep in-depth essay reasoning chain thought
    optimization asymptotic topology manifold byzantine consensus recursion complexity np-hard
    tensor stochastic bayesian entropy epistemology ontology dialectic synthesis holistic synergy
    cryptography orchestration kubernetes neural transformer induction contradiction invariant
    polymorphism"""
)
_WORD = re.compile(r"\w\w+")
_RUN = bytes(4)  # four words in a row that are none of a sentence's
_GRAMMAR = frozenset(w for w in ENGLISH if len(w) > 1)
_SIGNS = frozenset("0123456789=?{}$`")


def strip_stuffing(text: str) -> str:
    """Return folded text without decoration of its ask; equal text if there is none."""
    text = _unwrapped(text)
    if len(text) < 4000 and any(map(text.__contains__, _STUFFED)):
        text = _LISTED.sub(" ", text)
    if text.startswith("as ") or "\nas " in text:
        text = _COSTUME.sub("", text)
    return _unstuffed(text) if len(text) > 40 else text


def _unwrapped(text: str) -> str:
    """Return what an object around the whole prompt holds as its text."""
    if text[:1] not in "{[" or text[-1:] not in "}]":
        return text
    said = _WRAPPED.findall(text)
    longest = max(said, key=len, default="")
    if len(_WORD.findall(longest)) < 2:
        return text
    return str(said[-1] if len(_WORD.findall(said[-1])) > 1 else longest).replace("\\n", "\n")


def _unstuffed(text: str) -> str:
    """Remove runs of hard words without grammar, if an ask with grammar is left."""
    said = text.split()
    if len(text) > 4000 or len(_HARD.intersection(said)) < 2:
        return text
    if _RUN not in bytes(map(ENGLISH.__contains__, said)):
        return text
    ends = [0, *(m.end() for m in _CUT.finditer(text)), len(text)]
    pieces = [text[a:b] for a, b in pairwise(ends)]
    if len(pieces) < 2:
        return text
    kept = [p for p in pieces if not is_stuffing(p)]
    if len(kept) == len(pieces):
        return text
    left = "".join(kept).strip()
    return left if len(_WORD.findall(left)) > 1 else text


def is_stuffing(piece: str) -> bool:
    """Distinguish a run of hard words without grammar from a clause; lists of things are not
    runs."""
    if len(piece) < 20 or not _GRAMMAR.isdisjoint(piece.split()):  # as nearly all clauses
        return False
    if not piece.isascii() or not _SIGNS.isdisjoint(piece):
        return False
    found = _WORD.findall(piece)
    if not 4 <= len(found) <= 60:
        return False
    hard = sum(map(_HARD.__contains__, found))
    return hard * 2 >= len(found) and ENGLISH.isdisjoint(found)
