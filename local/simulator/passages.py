"""Answers a question from passages, as the workflow `rag` asks: by shared words, like a reader who
only matches them.

It says a sentence of a passage that shares most with the question, and cites that passage; it finds
nothing if less than half of the question's words are in any. It understands nothing, so that it
shows that the workflow works, not how well a model reads.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from local.simulator.model import Ask

_WORD = re.compile(r"[^\W_]+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_COMMON = frozenset({
    "a", "an", "and", "are", "at", "be", "by", "can", "do", "does", "for", "from", "how", "i", "if",
    "in", "is", "it", "me", "my", "of", "on", "or", "our", "s", "that", "the", "this", "to", "was",
    "what", "when", "where", "which", "who", "why", "will", "with", "you", "your",
})  # fmt: skip
_STEM = 5
_ENOUGH = 0.5


def answer(ask: Ask) -> str | None:
    """The reply as JSON; None if this is not such a question."""
    # A repair has a turn of its own behind the question.
    texts = [turn.words for turn in ask.turns if turn.role == "user" and turn.words]
    return next((found for text in texts if (found := _answer(text))), None)


def _answer(text: str) -> str | None:
    try:
        given = json.loads(text)
        question, passages = given["question"], given["passages"]
        asked = _words(question)
        scored = [(len(asked & _words(each["text"])), each) for each in passages]
    except (ValueError, TypeError, LookupError, AttributeError):
        return None
    most = max((count for count, _ in scored), default=0)
    if not asked or most < _ENOUGH * len(asked):
        missing = {"found": False, "answer": "The passages do not say it.", "citations": []}
        return json.dumps(missing)
    best: Mapping[str, Any] = next(each for count, each in scored if count == most)
    sentences = [each.strip() for each in _SENTENCE.split(best["text"]) if each.strip()]
    # A heading shares many words, and says nothing.
    said = max(sentences, key=lambda each: (len(asked & _words(each)), each[-1] in ".:!?"))
    return json.dumps({"found": True, "answer": said, "citations": [best["id"]]})


def _words(text: str) -> set[str]:
    words = _WORD.findall(text.casefold())
    return {word[:_STEM] for word in words if word not in _COMMON}
