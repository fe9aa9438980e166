"""Types of command-line values: each takes exactly what makes sense, and explains what to write.

A value that is refused here is a usage error (exit 2), before anything is read or started.
"""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=7300)
_DECIMAL = re.compile(r"[0-9]{0,12}\.?[0-9]{1,12}", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,12}", re.ASCII)


class UsageError(Exception):
    """Arguments that do not go together; the message explains what to write."""


def whole(low: int = 1, high: int = 10**9, *, example: int) -> Callable[[str], int]:
    """Return a type that reads a whole number from ``low`` to ``high``."""

    def read(text: str) -> int:
        if not _WHOLE.fullmatch(text) or not low <= int(text) <= high:
            raise ArgumentTypeError(
                f"{text!r} cannot be used: write a whole number from {low} to {high},"
                f" such as {example}"
            )
        return int(text)

    return read


def number(
    low: int = 0, high: int = 10**9, *, example: str, above: bool = False
) -> Callable[[str], Decimal]:
    """Return a type that reads a decimal number from ``low`` (or ``above`` it) to ``high``."""

    def read(text: str) -> Decimal:
        value = Decimal(text) if _DECIMAL.fullmatch(text) else Decimal(-1)
        if not low <= value <= high or (above and value == low):
            bound = f"above {low} and up to" if above else f"from {low} to"
            raise ArgumentTypeError(
                f"{text!r} cannot be used: write a number {bound} {high}, such as {example}"
            )
        return value

    return read


share = number(0, 1, example="0.2")
"""A share of something, from 0 to 1."""

port = whole(0, 65535, example=8000)
"""A port; 0 takes a free one."""


def matching(pattern: str, advice: str) -> Callable[[str], str]:
    """Return a type that reads a text which matches ``pattern`` as a whole."""
    compiled = re.compile(pattern, re.ASCII)

    def read(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ArgumentTypeError(f"{text!r} cannot be used: write {advice}")
        return text

    return read


tenant = matching(r"[0-9A-Za-z_.@-]{1,64}", "up to 64 letters, digits, _, ., @ and -")
request_id = matching(r"[0-9A-Za-z_-]{1,80}", "up to 80 letters, digits, _ and -")
session_id = matching(
    r"[0-9A-Za-z_.:@-]{1,128}", "the `session_id` of its requests, as the rows have it"
)


def duration(text: str) -> timedelta:
    """Read ``12h``, ``7d`` or ``4w``."""
    found = re.fullmatch(r"([0-9]{1,5})([hdw])", text)
    value = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else timedelta(0)
    if not timedelta(0) < value <= _LONGEST:
        raise ArgumentTypeError(
            f"{text!r} cannot be used: write a number and h, d or w, such as 7d; 7300d at most"
        )
    return value


def day(text: str) -> datetime:
    """Read a UTC day such as ``2026-11-21``; return its first moment."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(
            f"{text!r} cannot be used: write a day such as 2026-11-21"
        ) from None
    return datetime(found.year, found.month, found.day, tzinfo=UTC)
