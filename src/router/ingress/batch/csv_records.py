"""Cuts a CSV file into records, so that a bad one costs no other. Pure.

A field in quotes may hold line feeds, so a quote that is never closed would take the rest of the
file with it. A record of several lines that is no record is reported by its first line alone, and
reading continues with the next line.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Record:
    """``fields`` of a record, or what is wrong with its first line; and the ``size`` in bytes and
    ``lines`` of the file that it takes."""

    size: int
    lines: int
    fields: list[str]
    problem: str = ""


class Records:
    """Yields records of lines; ``wanted`` is how many fields one has, 0 until that is known."""

    def __init__(self, longest: int) -> None:
        self.wanted = 0
        self._longest = longest

    def read(self, lines: Iterable[tuple[int, bytes]]) -> Iterator[Record]:
        """Yield a record for each line that begins one; ``lines`` are (size, text)."""
        source, ahead = iter(lines), deque[tuple[int, bytes]]()
        while True:
            taken = [ahead.popleft()] if ahead else list(_next(source))
            if not taken:
                return
            is_open = _leaves_open(taken[0][1], inside=False)
            held = taken[0][0]
            while is_open and held <= self._longest:
                following = [ahead.popleft()] if ahead else list(_next(source))
                if not following:
                    break
                taken += following
                held += following[0][0]
                is_open = _leaves_open(following[0][1], inside=True)
            found = self._record(taken, is_open=is_open)
            ahead.extendleft(reversed(taken[found.lines :]))
            yield found

    def _record(self, taken: list[tuple[int, bytes]], *, is_open: bool) -> Record:
        size, count = sum(size for size, _ in taken), len(taken)
        if is_open:
            return Record(taken[0][0], 1, [], "a quote is opened and not closed")
        # Bytes that are not UTF-8 survive into the record, and are reported there.
        text = [line.decode("utf-8", "surrogateescape") for _, line in taken]
        csv.field_size_limit(self._longest)
        try:
            fields = next(csv.reader(text, strict=True), [])
        except csv.Error as error:
            return Record(taken[0][0], 1, [], f"not CSV: {error}")
        if count > 1 and self.wanted and len(fields) != self.wanted:
            # More probably a quote too many than a record of other lines.
            return Record(taken[0][0], 1, [], "a quote is opened, and closed in another record")
        return Record(size, count, fields)


def _next(source: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    line = next(source, None)
    if line is not None:
        yield line


def _leaves_open(line: bytes, *, inside: bool) -> bool:
    """Return whether a line ends inside quotes: of the quotes that open a field or close one."""
    if not inside and b'"' not in line:
        return False
    at, starts_field = 0, not inside
    while at < len(line):
        if inside:
            end = line.find(b'"', at)
            if end < 0:
                return True
            is_escaped = line[end + 1 : end + 2] == b'"'
            at, inside, starts_field = end + 1 + is_escaped, is_escaped, False
        elif starts_field and line[at : at + 1] == b'"':
            at, inside = at + 1, True
        else:
            comma = line.find(b",", at)
            if comma < 0:
                return False
            at, starts_field = comma + 1, True
    return inside
