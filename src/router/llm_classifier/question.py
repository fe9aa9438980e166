"""Puts a prompt to an LLM as data, and takes one of three words for an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cost_calculator.tiers import TIERS
from router.analyzer.conversation import judged_text
from router.catalog.models import Model
from router.conversation.blocks import Conversation, Text, Turn
from router.invocation.call import ModelCall
from router.invocation.wrapping import unwrapped

# The ask is at the start or at the end of a long paste; the cost of reading it is bounded.
_HEAD, _TAIL = 2000, 1000
_CUT = "\n[…]\n"


@dataclass(frozen=True, slots=True)
class Opinion:
    """The LLM's reply: a tier, or ``None`` and what came instead."""

    verdict: str | None
    problem: str = ""


def question(messages: Sequence[Mapping[str, Any]], model: Model) -> ModelCall:
    """Return the call that asks ``model`` for the kind of a conversation's last request.

    The user's text travels as one JSON string in the user's turn: it can close no quotes, open no
    role, and never meets the instructions.
    """
    content = json.dumps({"request": _bounded(judged_text(messages))}, ensure_ascii=False)
    return ModelCall(
        provider=model.provider,
        model=model.model,
        conversation=Conversation((Turn("user", (Text(content),)),), (Text(_instructions()),)),
        max_tokens=model.max_tokens,
    )


def sent_bytes(call: ModelCall) -> int:
    """Return how many UTF-8 bytes of text a question sends, its instructions included."""
    asked = call.conversation
    texts = [asked.system_text or "", *(turn.text for turn in asked.turns)]
    return sum(len(text.encode()) for text in texts)


def parse_reply(text: str) -> str | None:
    """Return the tier if ``text`` is ``{"class": "<tier>"}`` and nothing else, or ``None``.

    A code fence around it is no text.
    """
    try:
        pairs = json.loads(unwrapped(text), object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        return None
    if not isinstance(pairs, _Pairs) or [name for name, _ in pairs] != ["class"]:
        return None
    verdict = pairs[0][1]
    return verdict if isinstance(verdict, str) and verdict in TIERS else None


class _Pairs(list[tuple[str, Any]]):
    """An object's fields as they were written: a dict would hide duplicates."""


def _bounded(text: str) -> str:
    return text if len(text) <= _HEAD + _TAIL else text[:_HEAD] + _CUT + text[-_TAIL:]


@lru_cache(maxsize=1)
def _instructions() -> str:
    path = Path(__file__).with_name("classifier.md")
    return path.read_text(encoding="utf-8").strip()
