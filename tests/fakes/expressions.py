"""DynamoDB's updates and projections, as far as the product writes them, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from tests.fakes.conditions import FUNCTIONS, TOKEN, InvalidExpression, Item, Names, Values, name_of

_CLAUSE = re.compile(r"\b(SET|REMOVE|ADD|DELETE)\s+(.*?)(?=\s+(?:SET|REMOVE|ADD|DELETE)\s|$)", re.S)
_WORDS = {"AND", "OR", "NOT", "IN", "SET", "REMOVE", "ADD"}


def check(expressions: list[str], names: Names | None, values: Values | None) -> None:
    """Refuse what DynamoDB refuses before it looks at any item."""
    used: set[str] = set()
    for expression in expressions:
        used |= _placeholders(expression)
    given = {*(names or ()), *(values or ())}
    if names == {} or values == {}:
        raise InvalidExpression("names and values must not be empty: leave them out")
    if used != given:
        raise InvalidExpression(f"not defined or not used: {sorted(used ^ given)}")


@lru_cache(maxsize=4096)
def _placeholders(expression: str) -> frozenset[str]:
    tokens = TOKEN.findall(expression)
    for token in tokens:
        is_name = token[0].isalpha() and token not in _WORDS | FUNCTIONS
        if is_name and token.upper() in ReservedKeywords.get_reserved_keywords():
            raise InvalidExpression(f"{token} is a reserved word: write #{token}")
    return frozenset(token for token in tokens if token[0] in "#:")


def names_in(expression: str, names: Names) -> set[str]:
    """Return the attributes that an expression speaks of."""
    tokens = [token for token in TOKEN.findall(expression) if re.fullmatch(r"#?\w+", token)]
    return {name_of(token, names) for token in tokens if token not in _WORDS | FUNCTIONS}


def projected(expression: str, names: Names) -> Callable[[Item], Item]:
    """Return what keeps the attributes that a projection names."""
    kept = [name_of(term.strip(), names) for term in expression.split(",")]
    return lambda item: {name: item[name] for name in kept if name in item}


def updated(expression: str, item: Item, names: Names, values: Values) -> Item:
    """Return the item after an update."""
    after = dict(item)
    for verb, terms in _clauses(expression):
        for target, value in terms:
            name = name_of(target, names)
            if verb == "SET":
                after[name] = values[value]
            elif verb == "REMOVE":
                after.pop(name, None)
            else:
                after[name] = _sum(after.get(name), values[value])
    return after


@lru_cache(maxsize=4096)
def _clauses(expression: str) -> list[tuple[str, list[tuple[str, str]]]]:
    found = []
    for verb, text in _CLAUSE.findall(expression):
        shape = {"SET": r"(#?\w+)\s*=\s*(:\w+)", "ADD": r"(#?\w+)\s+(:\w+)", "REMOVE": r"(#?\w+)()"}
        matches = [re.fullmatch(shape.get(verb, "$^"), term.strip()) for term in text.split(",")]
        if not all(matches):
            raise InvalidExpression(f"not known here: {verb} {text}")
        found.append((verb, [(m[1], m[2]) for m in matches if m]))
    if not found or _CLAUSE.sub("", expression).strip():
        raise InvalidExpression(expression)
    return found


def _sum(before: Mapping[str, Any] | None, added: Mapping[str, Any]) -> dict[str, str]:
    if "N" not in added or (before is not None and "N" not in before):
        raise InvalidExpression("ADD is known for numbers alone")
    return {"N": str(Decimal(before["N"] if before else 0) + Decimal(added["N"]))}
