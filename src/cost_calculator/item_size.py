"""How DynamoDB measures an item, and what a write of it takes. Pure.

The rules are AWS's own: names and texts by their UTF-8 bytes, a number by its significant digits,
three bytes around a list or a map and one for each member. A write takes a unit for each started
kilobyte of the larger of the item before and after; in a transaction it takes two.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_UNIT_BYTES = 1024
_AROUND = 3  # a list or a map
INDEX_ENTRY_BYTES = 100
"""What DynamoDB stores beside the item for its place in an index, or in the table."""


def item_bytes(row: Mapping[str, Any]) -> int:
    """Return the size of a row, given as plain values."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in row.items())


def write_units(size: int) -> int:
    """Return the units of a plain write of so many bytes."""
    return max(1, -(-size // _UNIT_BYTES))


def _value_bytes(value: Any) -> int:
    if value is None or isinstance(value, bool):
        return 1
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, int):
        digits = len(str(abs(value)).rstrip("0"))
        return -(-digits // 2) + 1 + (value < 0)
    if isinstance(value, Decimal):
        return _number_bytes(value)
    if isinstance(value, Mapping):
        return _AROUND + len(value) + item_bytes(value)
    return _AROUND + sum(1 + _value_bytes(member) for member in value)


def _number_bytes(number: Decimal) -> int:
    """Return the size of a number: one byte for two significant digits, one for the rest."""
    digits = len(str(int("".join(map(str, number.as_tuple().digits)))).rstrip("0"))
    return -(-digits // 2) + 1 + (number < 0)
