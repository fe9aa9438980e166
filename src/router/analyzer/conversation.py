"""Picks the text of a conversation that shows what its last turn asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from router.analyzer.lexicon import words

_AGREEMENT = words(
    """yes yeah yep yup y no nope ok okay sure fine right correct exactly agreed great good perfect
    nice cool please thanks thank you do it that this so go ahead on continue proceed carry next
    more again both all of them the first second third last one option a b c d sounds works for me
    lets let's si sí oui ja да хорошо はい 好 好的"""
)
_ELLIPSIS = re.compile(
    r"(?:and|but|also|what about|how about|now|then|same|again|instead|why|in|for|with|make it"
    r"|shorter|longer|as)\b"
)
_OFFER = re.compile(
    r"(?:would you like me to|do you want me to|shall i|should i|want me to|i can|i could"
    r"|let me know if"
    r" (?:you want|i should)(?: me)?(?: to)?)\s+([^?\n]{4,400})",
    re.I,
)
_WORD = re.compile(r"[^\W_]+(?:'\w+)?")


def judged_text(messages: Sequence[Mapping[str, str]]) -> str:
    """Return the last user turn, or where that only answers or continues, what it answers."""
    turns = [m for m in messages if m["role"] in ("user", "assistant")]
    last = max((i for i, m in enumerate(turns) if m["role"] == "user"), default=None)
    if last is None:
        return ""
    content = turns[last]["content"]
    said = _WORD.findall(content[:200].lower())
    earlier = [m["content"] for m in turns[:last] if m["role"] == "user"]
    if len(said) <= 12 and all(w in _AGREEMENT or w.isdigit() for w in said):
        before = (
            turns[last - 1]["content"] if last and turns[last - 1]["role"] == "assistant" else ""
        )
        offers = _OFFER.findall(before[-800:])
        if offers:
            return str(offers[-1])
        if earlier:
            return judged_text(turns[:last])
    elif len(said) <= 8 and earlier and _ELLIPSIS.match(content.strip().lower()):
        return f"{judged_text(turns[:last])}\n{content}"
    return content
