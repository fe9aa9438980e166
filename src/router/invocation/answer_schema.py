"""Validates an answer against its request's schema, and asks the model to repair it if not.

``jsonschema`` is in the layer of ``invoke_model`` alone, and is imported when a schema comes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from router.conversation.blocks import Text, Turn
from router.invocation.call import ModelCall
from router.invocation.schema_validator import TooMuchWork, errors_of, parse
from router.invocation.wrapping import unwrapped

if TYPE_CHECKING:
    from jsonschema import ValidationError

_TOLD_PROBLEMS = 10
_PROBLEM_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: ``where`` holds no text of the answer, ``message`` may quote it."""

    where: str
    message: str


@dataclass(frozen=True, slots=True)
class Fit:
    """An answer measured by a schema: its JSON ``text`` without a code fence, and its ``value``."""

    text: str
    value: Any
    problems: tuple[Problem, ...]


def validate(text: str, schema: Mapping[str, Any]) -> Fit:
    """Validate an answer; raise ``InvalidModelRequest`` if the schema itself is invalid."""
    inner = unwrapped(text)
    try:
        value = parse(inner)
    except (ValueError, RecursionError) as error:
        return Fit(inner, None, (Problem("is not JSON", f"it is not JSON: {error}"),))
    return Fit(inner, value, tuple(_problems(value, schema)))


def with_schema_instructions(call: ModelCall) -> ModelCall:
    """Return the call with its schema in words, for a model without a mode for all of it."""
    asked = Text(f"{_prompt('json_answer')}\n{json.dumps(call.schema, ensure_ascii=False)}")
    told = replace(call.conversation, system=(*call.conversation.system, asked))
    return replace(call, conversation=told)


def repair_call(call: ModelCall, draft: str) -> ModelCall:
    """Return the call that shows the model its draft and what is wrong with it."""
    problems = validate(draft, call.schema or {}).problems
    wrong = [problem.message for problem in problems[:_TOLD_PROBLEMS]]
    complaint = f"{_prompt('repair_answer')}\n{json.dumps(wrong, ensure_ascii=False)}"
    turns = (Turn("assistant", (Text(draft),)), Turn("user", (Text(complaint),)))
    shown = replace(call.conversation, turns=(*call.conversation.turns, *turns))
    return replace(call, conversation=shown)


def _problems(value: Any, schema: Mapping[str, Any]) -> Iterator[Problem]:
    names = _names_in(schema)
    try:
        for found in errors_of(value, schema):
            yield _problem(found, names)
    except (TooMuchWork, RecursionError):
        yield Problem("takes too much work to check", "the answer is too large for its schema")


def _problem(error: ValidationError, names: frozenset[str]) -> Problem:
    path = "/".join(
        str(part) if isinstance(part, int) or part in names else "*" for part in error.absolute_path
    )
    where = f"/{path} breaks {error.validator}"
    shown = "/".join(map(str, error.absolute_path))
    return Problem(where, f"at /{shown}: {error.message}"[:_PROBLEM_LENGTH])


def _names_in(schema: Any) -> frozenset[str]:
    """Return the names of properties that the schema itself holds, anywhere."""
    if isinstance(schema, Mapping):
        own = schema.get("properties")
        mine = frozenset(own) if isinstance(own, Mapping) else frozenset()
        return mine.union(*map(_names_in, schema.values()))
    if isinstance(schema, Sequence) and not isinstance(schema, str):
        return frozenset().union(*map(_names_in, schema))
    return frozenset()


@lru_cache(maxsize=2)
def _prompt(name: str) -> str:
    path = Path(__file__).with_name(f"{name}.md")
    return path.read_text(encoding="utf-8").strip()
