"""Asks a model for an answer from passages, and reads what it replied. Pure.

The schema of the reply names the passages' ids: a citation of anything else does not fit, and the
router repairs it, or asks a stronger model, like any other reply that does not fit its schema.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from router.encoding import json_object
from router.workflows.rag.asked import Question
from router.workflows.rag.fusion import Passage
from router.workflows.run import fingerprint


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model replied: whether the passages have an answer, and which of them it cites."""

    found: bool
    text: str
    citations: tuple[str, ...]


def step_of(asked: Question, passages: Sequence[Passage]) -> str:
    """Return the name of the step: other passages make another question."""
    shown = [[each.chunk.id, each.chunk.content] for each in passages]
    return f"answer-{fingerprint([asked.text, asked.fields, shown])}"


def request_of(asked: Question, passages: Sequence[Passage]) -> dict[str, Any]:
    """Return the request that asks for the answer."""
    content = {
        "question": asked.text,
        "passages": [
            {"id": each.chunk.id, "source": each.chunk.source, "text": each.chunk.text}
            for each in passages
        ],
    }
    return asked.run.request(
        step_of(asked, passages),
        {
            "messages": [{"role": "user", "content": json.dumps(content, ensure_ascii=False)}],
            "system": _instructions(),
            "response_schema": _schema([each.chunk.id for each in passages]),
            **asked.fields,
        },
    )


def read(text: str | None, shown: Collection[str]) -> Reply | None:
    """Return a reply; ``None`` if it is not what was asked for, or cites what it was not shown."""
    given = json_object(text)
    found, answer, cited = given.get("found"), given.get("answer"), given.get("citations")
    if (
        not isinstance(found, bool)
        or not isinstance(answer, str)
        or not isinstance(cited, list)
        or not all(isinstance(each, str) and each in shown for each in cited)
    ):
        return None
    return Reply(found, answer, tuple(dict.fromkeys(cited)))


def _schema(ids: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["found", "answer", "citations"],
        "properties": {
            "found": {"type": "boolean"},
            "answer": {"type": "string"},
            "citations": {"type": "array", "items": {"type": "string", "enum": list(ids)}},
        },
    }


@lru_cache(maxsize=1)
def _instructions() -> str:
    return Path(__file__).with_name("answer.md").read_text(encoding="utf-8").strip()
