"""Compiles regular expressions whose search takes a bounded number of steps a character.

Python's engine backtracks: ``(a|a)*b``, and even ``\\d+x``, takes more than linear time on text
that an attacker writes. So only a subset is taken, without unbounded repeats, lookaround and
back-references; for what remains the worst number of steps from one place in the text is counted
beforehand, every way of every repeat and alternative included, and bounded.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

MAX_STEPS = 500
_MAX_LENGTH = 200
_CLASS_ESCAPES = "dDwWsStn"
_ESCAPES = _CLASS_ESCAPES + "bB"


class UnsafePattern(ValueError):
    """The pattern is outside the subset; the message explains what to write instead."""


@dataclass(frozen=True, slots=True)
class LinearPattern:
    """A pattern to search with, and its worst number of steps from one place in the text."""

    regex: re.Pattern[str]
    steps: int


def linear(pattern: str) -> LinearPattern:
    """Compile ``pattern``, case-insensitive, or raise UnsafePattern."""
    compiled = bounded(pattern, re.IGNORECASE)
    if compiled.regex.search(""):
        raise UnsafePattern("it matches the empty text, and so every prompt")
    return compiled


def bounded(pattern: str, flags: re.RegexFlag = re.NOFLAG) -> LinearPattern:
    """Compile ``pattern`` unchanged, or raise UnsafePattern."""
    if not 1 <= len(pattern) <= _MAX_LENGTH:
        raise UnsafePattern(f"write 1 to {_MAX_LENGTH} characters")
    cost = _Parser(pattern).whole()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            regex = re.compile(pattern, flags)
    except (re.error, FutureWarning) as error:
        raise UnsafePattern(f"it is not a regular expression: {error}") from None
    return LinearPattern(regex, cost.steps)


@dataclass(frozen=True, slots=True)
class _Cost:
    """Worst ``steps`` of trying an element at one place, and its ``ways`` to match there."""

    steps: int
    ways: int

    def __post_init__(self) -> None:
        if max(self.steps, self.ways) > MAX_STEPS:
            raise UnsafePattern(
                f"it can take more than {MAX_STEPS} steps a character: use fewer or shorter"
                " repeats, and none inside another"
            )

    def then(self, following: _Cost) -> _Cost:
        return _Cost(self.steps + self.ways * following.steps, self.ways * following.ways)

    def or_else(self, other: _Cost) -> _Cost:
        return _Cost(self.steps + other.steps, self.ways + other.ways)

    def times(self, least: int, most: int) -> _Cost:
        total, ways = _NOTHING, int(least == 0)
        for count in range(1, most + 1):
            total = total.then(self)
            if count >= least:
                ways = _Cost(0, ways + total.ways).ways
        return _Cost(total.steps, ways)


_NOTHING, _ONE = _Cost(0, 1), _Cost(1, 1)


class _Parser:
    """Reads the subset by recursive descent, adding up what each element can cost."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def whole(self) -> _Cost:
        cost = self._alternatives()
        if self._at < len(self._pattern):
            raise UnsafePattern("a `)` closes nothing: write \\) for the character")
        return cost

    def _take(self) -> str:
        taken = self._pattern[self._at : self._at + 1]
        self._at += 1
        return taken

    def _next_is(self, characters: str) -> bool:
        return self._at < len(self._pattern) and self._pattern[self._at] in characters

    def _alternatives(self) -> _Cost:
        cost = self._sequence()
        while self._next_is("|"):
            self._take()
            cost = cost.or_else(self._sequence())
        return cost

    def _sequence(self) -> _Cost:
        cost = _NOTHING
        while self._at < len(self._pattern) and not self._next_is("|)"):
            cost = cost.then(self._repeated(self._atom()))
        return cost

    def _repeated(self, atom: _Cost) -> _Cost:
        if self._next_is("*+"):
            raise UnsafePattern("`*` and `+` have no bound: write {0,40} or {1,40}")
        if self._next_is("?"):
            self._take()
            cost = atom.times(0, 1)
        elif self._next_is("{"):
            cost = atom.times(*self._bounds())
        else:
            return atom
        if self._next_is("?*+{"):
            raise UnsafePattern("a repeat follows a repeat: write one, such as {0,40}")
        return cost

    def _bounds(self) -> tuple[int, int]:
        found = re.compile(r"\{(\d{1,3})(?:,(\d{1,3}))?\}", re.ASCII).match(self._pattern, self._at)
        if not found:
            raise UnsafePattern("write a repeat as {3} or {0,40}, and \\{ for the character")
        self._at = found.end()
        least = int(found[1])
        return least, int(found[2] or least)

    def _atom(self) -> _Cost:
        match self._take():
            case "(":
                return self._group()
            case "[":
                return self._set()
            case "\\":
                self._escape(_ESCAPES)
            case "?" | "*" | "+" | "{" | "}":
                raise UnsafePattern("a repeat follows nothing: write \\ before ?, *, +, { and }")
        return _ONE

    def _group(self) -> _Cost:
        if self._next_is("?"):
            self._take()
            if self._take() != ":":
                raise UnsafePattern("of the (?…) forms only (?:…) is taken: no lookaround or flags")
        cost = self._alternatives()
        if self._take() != ")":
            raise UnsafePattern("a `(` is not closed: write \\( for the character")
        return cost

    def _set(self) -> _Cost:
        if self._next_is("^"):
            self._take()
        if self._next_is("]"):  # to Python a character of the set, to most readers its end
            raise UnsafePattern("a set starts with `]`: write [\\]] for the character")
        while (character := self._take()) != "]":
            if character in ("", "["):
                raise UnsafePattern("write a set as [abc], with \\[ and \\] for the brackets")
            if character == "\\":
                self._escape(_CLASS_ESCAPES)
        return _ONE

    def _escape(self, letters: str) -> None:
        escaped = self._take()
        if not escaped or (escaped.isalnum() and escaped not in letters):
            known = " ".join(f"\\{letter}" for letter in letters)
            raise UnsafePattern(f"of the escapes only {known} and escaped punctuation are taken")
