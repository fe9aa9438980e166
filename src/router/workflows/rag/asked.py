"""What a run of ``rag`` is asked for, read from its input. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from router.encoding import unsendable
from router.errors import InvalidRequest
from router.intake.json_schema import problems
from router.workflows.run import Run, run_of

NAME = "rag"
_PASSAGES, _CONTEXT_TOKENS, _MAX_TOKENS = 8, 4_000, 800
_SHOWN_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class Question:
    """A run of this workflow. ``passages`` are asked of each retriever.

    All of them together take ``context_tokens`` of the prompt at most, by estimate.
    """

    run: Run
    text: str
    passages: int
    context_tokens: int
    fields: Mapping[str, Any]


def parse(given: Any, execution_name: str) -> Question:
    """Return the run in an execution's input, or raise ``InvalidRequest`` with what to write."""
    found = list(problems(given, _schema()))
    if not found:
        found = [*unsendable(given["question"], "question")]
    if not found and not given["question"].strip():
        found = ["`question` is blank: write what the documents are to answer"]
    if found:
        raise InvalidRequest("; ".join(found[:_SHOWN_PROBLEMS]))
    return Question(
        run=run_of(NAME, given, execution_name),
        text=given["question"],
        passages=int(given.get("passages", _PASSAGES)),
        context_tokens=int(given.get("context_tokens", _CONTEXT_TOKENS)),
        fields={"tier": given.get("tier"), "max_tokens": given.get("max_tokens", _MAX_TOKENS)},
    )


@lru_cache(maxsize=1)
def _schema() -> Mapping[str, Any]:
    text = Path(__file__).with_name("input.schema.json").read_text(encoding="utf-8")
    schema: Mapping[str, Any] = json.loads(text)
    return schema
