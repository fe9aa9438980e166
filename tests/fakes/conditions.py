"""DynamoDB's conditions, filters and key conditions, as far as the product writes them."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

Item = dict[str, Any]
"""An item in DynamoDB's own notation."""

Names = Mapping[str, str]
Values = Mapping[str, Any]
Condition = Callable[[Item, Names, Values], bool]

TOKEN = re.compile(r"<>|<=|>=|[=<>(),]|[#:]?\w+|\S")
FUNCTIONS = {"attribute_exists", "attribute_not_exists", "begins_with"}
_ORDERED = ("S", "N", "B")
_ORDERS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


class InvalidExpression(Exception):
    """DynamoDB would refuse the expression, or the fake does not know it."""


def name_of(token: str, names: Names) -> str:
    """Return the attribute that a token stands for."""
    return names[token] if token.startswith("#") else token


def plain(value: Mapping[str, Any]) -> tuple[str, Any]:
    """Return a value's type and what it holds, numbers as numbers."""
    ((kind, held),) = value.items()
    if kind == "N":
        return kind, Decimal(held)
    if kind == "M":
        return kind, {name: plain(inner) for name, inner in held.items()}
    return kind, [plain(inner) for inner in held] if kind == "L" else held


@lru_cache(maxsize=4096)
def condition(expression: str) -> Condition:
    """Return what evaluates a condition, a filter or a key condition."""
    parser = _Parser(TOKEN.findall(expression))
    found = parser.either()
    parser.end()
    return found


class _Parser:
    """OR binds weakest, then AND, then NOT; brackets bind first."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens

    def either(self) -> Condition:
        terms = [self._both()]
        while self._take("OR"):
            terms.append(self._both())
        return lambda *scope: any(term(*scope) for term in terms)

    def _both(self) -> Condition:
        terms = [self._negated()]
        while self._take("AND"):
            terms.append(self._negated())
        return lambda *scope: all(term(*scope) for term in terms)

    def _negated(self) -> Condition:
        if self._take("NOT"):
            term = self._negated()
            return lambda *scope: not term(*scope)
        if self._take("("):
            term = self.either()
            self._expect(")")
            return term
        return self._comparison()

    def _comparison(self) -> Condition:
        first = self._next()
        if first in FUNCTIONS:
            return self._function(first)
        if self._take("IN"):
            others = self._list()
            return lambda *scope: any(_equal(first, other, *scope) for other in others)
        sign, second = self._next(), self._next()
        if sign == "=":
            return lambda *scope: _equal(first, second, *scope)
        if order := _ORDERS.get(sign):
            return lambda *scope: _ordered(order, first, second, *scope)
        raise InvalidExpression(f"not known here: {first} {sign} {second}")

    def _function(self, name: str) -> Condition:
        path, *others = self._list()
        if name == "attribute_exists":
            return lambda item, names, _values: name_of(path, names) in item
        if name == "attribute_not_exists":
            return lambda item, names, _values: name_of(path, names) not in item
        (prefix,) = others
        return lambda *scope: _begins(path, prefix, *scope)

    def _list(self) -> list[str]:
        self._expect("(")
        found = [self._next()]
        while self._take(","):
            found.append(self._next())
        self._expect(")")
        return found

    def _take(self, token: str) -> bool:
        if self._tokens and self._tokens[0] == token:
            self._tokens.pop(0)
            return True
        return False

    def _next(self) -> str:
        if not self._tokens:
            raise InvalidExpression("the expression ends too early")
        return self._tokens.pop(0)

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise InvalidExpression(f"{token} is missing before {self._tokens}")

    def end(self) -> None:
        if self._tokens:
            raise InvalidExpression(f"nobody expects {self._tokens}")


def _operand(token: str, item: Item, names: Names, values: Values) -> tuple[str, Any] | None:
    found = values[token] if token.startswith(":") else item.get(name_of(token, names))
    return plain(found) if found is not None else None


def _equal(first: str, second: str, *scope: Any) -> bool:
    one = _operand(first, *scope)
    return one is not None and one == _operand(second, *scope)


def _ordered(order: Any, first: str, second: str, *scope: Any) -> bool:
    """Compare as DynamoDB does: never across types, never with what is not there."""
    one, other = _operand(first, *scope), _operand(second, *scope)
    if one is None or other is None or one[0] != other[0] or one[0] not in _ORDERED:
        return False
    return bool(order(one[1], other[1]))


def _begins(path: str, prefix: str, *scope: Any) -> bool:
    one, other = _operand(path, *scope), _operand(prefix, *scope)
    if one is None or other is None or one[0] != other[0]:
        return False
    return bool(one[1].startswith(other[1]))
