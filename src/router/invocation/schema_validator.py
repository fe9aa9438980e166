"""JSON Schema's own validator, exact in numbers and bounded in work whatever the answer is.

``jsonschema`` is in the layer of ``invoke_model`` alone, and is imported when a schema comes.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import Any

from router.errors import InvalidModelRequest
from router.safe_regex import bounded

# In steps of a regular expression's engine; a keyword of the schema takes about as long as so many.
MOST_STEPS = 40_000_000
STEPS_OF_A_KEYWORD = 200
_MOST_SECONDS = 30.0
# JSON bounds no number, and arithmetic on 1e999999999 has no end.
_MOST_DIGITS = 1_000

Rule = Callable[[Any, Any, Any, Mapping[str, Any]], Iterator[Any]]


class TooMuchWork(Exception):
    """The schema and the answer together take more work than an answer may."""


class Work:
    """What one validation may still take: steps, and time on the clock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = clock() + _MOST_SECONDS
        self._left = MOST_STEPS

    def spend(self, steps: int) -> None:
        """Take so many steps; raise ``TooMuchWork`` if too few are left."""
        self._left -= steps
        if self._left < 0 or self._clock() > self._until:
            raise TooMuchWork


def parse(text: str) -> Any:
    """Return the JSON value of a text, with ``Decimal`` for floats; raise ``ValueError``."""
    return json.loads(text, parse_float=_decimal, parse_constant=_no_constant)


def check_schema(schema: Mapping[str, Any]) -> None:
    """Raise ``InvalidModelRequest`` for an invalid schema: before a call is paid for."""
    _validator_of(json.dumps(schema))


def errors_of(value: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what breaks the schema, as ``jsonschema`` reports it; may raise ``TooMuchWork``."""
    yield from _validator_of(json.dumps(schema))(Work()).iter_errors(value)


@lru_cache(maxsize=16)
def _validator_of(text: str) -> Callable[[Work], Any]:
    """Return what makes the validator of a schema, which many requests may share."""
    from jsonschema import Draft202012Validator, SchemaError
    from jsonschema.validators import extend
    from referencing import Registry

    plain: Any = json.loads(text)
    try:
        Draft202012Validator.check_schema(plain)
    except SchemaError as error:
        raise InvalidModelRequest(f"response_schema breaks {error.validator}") from None
    schema = parse(text)
    # An empty registry: nothing is ever fetched for a reference.
    registry: Any = Registry()
    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
    known: Mapping[str, Rule] = Draft202012Validator.VALIDATORS | {
        "multipleOf": _multiple_of,
        "pattern": _pattern,
    }

    def validator(work: Work) -> Any:
        counted = {name: _counted(name, rule, work) for name, rule in known.items()}
        extended: Any = extend
        kind = extended(Draft202012Validator, counted, type_checker=types)
        return kind(schema, registry=registry)

    return validator


def _counted(name: str, rule: Rule, work: Work) -> Rule:
    def counting(validator: Any, given: Any, instance: Any, schema: Any) -> Iterator[Any]:
        work.spend(STEPS_OF_A_KEYWORD)
        if name == "pattern" and isinstance(instance, str):
            work.spend(len(instance) * bounded(given).steps)
        yield from rule(validator, given, instance, schema) or ()

    return counting


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if isinstance(instance, str) and not _ecma(pattern).search(instance):
        yield ValidationError(f"{instance[:100]!r} does not match {pattern!r}")


@lru_cache(maxsize=64)
def _ecma(pattern: str) -> re.Pattern[str]:
    """Return a pattern as ECMA-262 reads it: ``$`` is the very end, classes are those of ASCII."""
    parts = re.split(r"(\\.|\[(?:\\.|[^\]\\])*\])", pattern, flags=re.DOTALL)
    text = "".join(part if at % 2 else part.replace("$", r"\Z") for at, part in enumerate(parts))
    return re.compile(text, re.ASCII)


def _multiple_of(_validator: Any, factor: Any, instance: Any, _schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if isinstance(instance, bool) or not isinstance(instance, int | Decimal):
        return
    with localcontext(prec=3 * _MOST_DIGITS):
        if Decimal(instance) % Decimal(factor):
            yield ValidationError(f"{instance} is not a multiple of {factor}")


def _is_integer(_checker: Any, instance: Any) -> bool:
    if isinstance(instance, Decimal):
        return instance == instance.to_integral_value()
    return isinstance(instance, int) and not isinstance(instance, bool)


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if number and abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError("a number is out of bounds")
    return number


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
