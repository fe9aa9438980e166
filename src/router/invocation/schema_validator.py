"""JSON Schema's own validator, exact in numbers and bounded in work whatever the answer is.

``jsonschema`` is in the layer of ``invoke_model`` alone, and is imported when a schema comes.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import Any

from router.errors import InvalidModelRequest
from router.invocation.formats import fits_format
from router.invocation.pattern_rules import Patterns

# In steps of a regular expression's engine; a keyword of the schema takes about as long as so many.
MOST_STEPS = 40_000_000
STEPS_OF_A_KEYWORD = 200
_MOST_SECONDS = 30.0
# JSON bounds no number. Most readers take what no double holds for Infinity, and arithmetic on it
# has no end.
_LARGEST = Decimal(sys.float_info.max)
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
    return json.loads(text, parse_int=_whole, parse_float=_decimal, parse_constant=_no_constant)


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
    from jsonschema.validators import extend, validator_for
    from referencing import Registry

    plain: Any = json.loads(text)
    draft: Any = validator_for(plain, default=Draft202012Validator)
    try:
        draft.check_schema(plain)
    except SchemaError as error:
        raise InvalidModelRequest(f"response_schema breaks {error.validator}") from None
    schema = parse(text)
    # An empty registry: nothing is ever fetched for a reference.
    registry: Any = Registry()
    types = draft.TYPE_CHECKER.redefine("integer", _is_integer)

    def validator(work: Work) -> Any:
        rules: Mapping[str, Rule] = draft.VALIDATORS | rules_of_our_own(work)
        counted = {name: _counted(rule, work) for name, rule in rules.items()}
        extended: Any = extend
        kind = extended(draft, counted, type_checker=types)
        return kind(schema, registry=registry)

    return validator


def rules_of_our_own(work: Work) -> dict[str, Rule]:
    """Return the rules that ``jsonschema`` checks inexactly, without a bound, or not at all."""
    patterns = Patterns(work)
    return {
        "multipleOf": _multiple_of,
        "pattern": patterns.pattern,
        "patternProperties": patterns.properties,
        "additionalProperties": patterns.additional_properties,
        "uniqueItems": _unique_items(work),
        "format": _format,
    }


def _counted(rule: Rule, work: Work) -> Rule:
    def counting(validator: Any, given: Any, instance: Any, schema: Any) -> Iterator[Any]:
        work.spend(STEPS_OF_A_KEYWORD)
        yield from rule(validator, given, instance, schema) or ()

    return counting


def _format(_validator: Any, name: Any, instance: Any, _schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if isinstance(instance, str) and not fits_format(name, instance):
        yield ValidationError(f"{instance[:100]!r} is not a {name}")


def _unique_items(work: Work) -> Rule:
    def rule(_validator: Any, wanted: Any, instance: Any, _schema: Any) -> Iterator[Any]:
        from jsonschema import ValidationError

        if not wanted or not isinstance(instance, list):
            return
        seen = [_comparable(item) for item in instance]
        work.spend(sum(map(len, seen)))
        if len(set(seen)) < len(seen):
            yield ValidationError("its items are not all different")

    return rule


def _comparable(value: Any) -> str:
    """Return a text that two JSON values share if, and only if, they are equal."""
    return json.dumps(value, sort_keys=True, default=_comparable_decimal)


def _comparable_decimal(number: Decimal) -> int | list[str]:
    is_whole = number == number.to_integral_value()
    return int(number) if is_whole else ["\0", f"{number.normalize():f}"]


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
    if not -_LARGEST <= number <= _LARGEST or (number and number.adjusted() < -_MOST_DIGITS):
        raise ValueError("a number is out of bounds: write one that a double can hold")
    return number


def _whole(text: str) -> int:
    _decimal(text)
    return int(text)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
