"""The formats of JSON Schema that can be checked, as RFC 3339 and its like have them. Pure.

Any other format is what JSON Schema makes of it by default: a remark for the reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from ipaddress import IPv4Address, IPv6Address

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(
    r"(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_DURATION = re.compile(
    r"P(?!$)(?:\d+W|(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?)",
    re.ASCII,
)
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_HOST = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*", re.ASCII)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\"<>\\^`{|}]*")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_MOST_CHARACTERS = 2_000


def fits_format(name: str, text: str) -> bool:
    """Return whether a text has a format, as far as the format is known."""
    check = _FORMATS.get(name)
    return check is None or (len(text) <= _MOST_CHARACTERS and check(text))


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_date_time(text: str) -> bool:
    day, separator, time = text[:10], text[10:11], text[11:]
    return _is_date(day) and separator in ("T", "t", " ") and bool(_TIME.fullmatch(time))


def _is_address(kind: Callable[[str], object], text: str) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True


def _matching(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: bool(pattern.fullmatch(text))


_FORMATS: Mapping[str, Callable[[str], bool]] = {
    "date": _is_date,
    "time": _matching(_TIME),
    "date-time": _is_date_time,
    "duration": _matching(_DURATION),
    "email": _matching(_EMAIL),
    "hostname": _matching(_HOST),
    "uri": _matching(_URI),
    "uuid": _matching(_UUID),
    "ipv4": lambda text: _is_address(IPv4Address, text),
    "ipv6": lambda text: "%" not in text and _is_address(IPv6Address, text),
}
