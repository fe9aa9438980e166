"""Searches with regular expressions whose cost nobody has bounded, without ever backtracking.

Callers' schemas hold the patterns that pydantic and zod write: ``^[a-z]+$``, an address with
lookaheads, a date of 300 characters. Python's engine may take exponential time on some of them.
This one follows all ways through a pattern at once: each place in the text costs at most the number
of the pattern's states, and ``spend`` counts every one, so that a caller can stop a search.

ECMA-262's syntax and meaning, as JSON Schema wants them: ``$`` is the very end, and classes are
those of ASCII. Back-references, lookbehind and flags are refused.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

MAX_LENGTH = 2_000
MAX_STATES = 6_000
STEPS_OF_A_STATE = 20
"""How many steps of Python's own engine take as long as one state of this one."""

_parser: Any = __import__("re._parser", fromlist=["parse"])
_NAMED_GROUP = re.compile(r"\(\?<(?=[A-Za-z_])")
_FLAGS = re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE
_UNBOUNDED = _parser.MAXREPEAT
_ESCAPED = re.compile(r"(\\.|\[(?:\\.|[^\]\\])*\])", re.DOTALL)

Test = Callable[[str], bool]
Spend = Callable[[int], None]


class UnsupportedPattern(ValueError):
    """The pattern cannot be searched with; the message explains why."""


@dataclass(slots=True)
class _State:
    """One state: it takes a character, or leads on without one if its condition holds."""

    takes: Test | None = None
    holds: Callable[[_Run, int], bool] | None = None
    next: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Searcher:
    """A compiled pattern."""

    states: list[_State]
    start: int
    end: int

    def search(self, text: str, spend: Spend) -> bool:
        """Return whether the pattern matches anywhere in a text."""
        return _Run(text, spend).matches(self, 0, anywhere=True)


@lru_cache(maxsize=64)
def searcher(pattern: str) -> Searcher:
    """Compile a pattern, or raise UnsupportedPattern."""
    if len(pattern) > MAX_LENGTH:
        raise UnsupportedPattern(f"it has more than {MAX_LENGTH} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            parsed = _parser.parse(python_pattern(pattern), re.ASCII)
    except (re.error, FutureWarning, OverflowError, RecursionError) as error:
        raise UnsupportedPattern(f"it is not a regular expression: {error}") from None
    if parsed.state.flags & _FLAGS:
        raise UnsupportedPattern("it sets flags: leave (?i) and its like out")
    try:
        return _Compiler().whole(parsed)
    except RecursionError:
        raise UnsupportedPattern("it is nested too deeply") from None


def python_pattern(pattern: str) -> str:
    """Return a pattern of ECMA-262 in Python's syntax."""
    parts = _ESCAPED.split(_NAMED_GROUP.sub("(?P<", pattern))
    return "".join(
        part.replace("\\/", "/").replace("[^]", "[\\s\\S]") if at % 2 else part.replace("$", r"\Z")
        for at, part in enumerate(parts)
    )


class _Run:
    """One search in one text."""

    def __init__(self, text: str, spend: Spend) -> None:
        self.text = text
        self._spend = spend
        self._looked: dict[tuple[int, int], bool] = {}

    def looks_at(self, ahead: Searcher, at: int) -> bool:
        """Return whether a lookahead matches here; each is tried once a place."""
        key = (id(ahead), at)
        if key not in self._looked:
            self._looked[key] = self.matches(ahead, at, anywhere=False)
        return self._looked[key]

    def matches(self, given: Searcher, at: int, *, anywhere: bool) -> bool:
        active: set[int] = set()
        starts = [given.start]
        for place in range(at, len(self.text) + 1):
            active = self._closure(given, [*active, *starts], place)
            if given.end in active:
                return True
            if place == len(self.text):
                break
            character = self.text[place]
            states = (given.states[name] for name in active)
            active = {
                following
                for state in states
                if state.takes is not None and state.takes(character)
                for following in state.next
            }
            if not anywhere:
                starts = []
                if not active:
                    return False
        return False

    def _closure(self, given: Searcher, names: Iterable[int], at: int) -> set[int]:
        found: set[int] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found.add(name)
            state = given.states[name]
            if state.takes is None and (state.holds is None or state.holds(self, at)):
                waiting += state.next
        self._spend(STEPS_OF_A_STATE * (len(found) + 1))
        return found


class _Compiler:
    """Turns Python's own parse of a pattern into states."""

    def __init__(self, room: Iterator[int] | None = None) -> None:
        self._states: list[_State] = []
        self._room = room if room is not None else iter(range(MAX_STATES))

    def whole(self, parsed: Any) -> Searcher:
        end = self._add(_State())
        return Searcher(self._states, self._sequence(parsed, end), end)

    def _take_room(self) -> None:
        if next(self._room, None) is None:
            raise UnsupportedPattern(f"with its repeats it has more than {MAX_STATES} states")

    def _add(self, state: _State) -> int:
        self._take_room()
        self._states.append(state)
        return len(self._states) - 1

    def _sequence(self, parsed: Any, following: int) -> int:
        for kind, argument in reversed(list(parsed)):
            following = self._element(str(kind), argument, following)
        return following

    def _element(self, kind: str, argument: Any, following: int) -> int:
        match kind:
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
                return self._add(_State(takes=_test(kind, argument), next=[following]))
            case "BRANCH":
                ways = [self._sequence(way, following) for way in argument[1]]
                return self._add(_State(next=ways))
            case "SUBPATTERN":
                _group, added, removed, inner = argument
                if added or removed:
                    raise UnsupportedPattern("it sets flags: leave (?i) and its like out")
                return self._sequence(inner, following)
            case "MAX_REPEAT" | "MIN_REPEAT":
                least, most, inner = argument
                return self._repeat(least, most, inner, following)
            case "AT":
                return self._add(_State(holds=_place(str(argument)), next=[following]))
            case "ASSERT" | "ASSERT_NOT" if argument[0] > 0:
                return self._lookahead(argument[1], following, wanted=kind == "ASSERT")
        raise UnsupportedPattern("it has a back-reference, a lookbehind or an atomic group")

    def _repeat(self, least: int, most: Any, inner: Any, following: int) -> int:
        if most is _UNBOUNDED:
            loop = self._add(_State())
            self._states[loop].next = [self._sequence(inner, loop), following]
            following = loop
        else:
            for _ in range(int(most) - least):
                self._take_room()
                once = self._sequence(inner, following)
                following = self._add(_State(next=[once, following]))
        for _ in range(least):
            self._take_room()
            following = self._sequence(inner, following)
        return following

    def _lookahead(self, inner: Any, following: int, *, wanted: bool) -> int:
        ahead = _Compiler(self._room).whole(inner)
        return self._add(
            _State(holds=lambda run, at: run.looks_at(ahead, at) is wanted, next=[following])
        )


def _test(kind: str, argument: Any) -> Test:
    if kind == "ANY":
        return lambda character: character not in "\n\r\u2028\u2029"
    if kind == "IN":
        return _set(argument)
    wanted = chr(argument)
    if kind == "LITERAL":
        return lambda character: character == wanted
    return lambda character: character != wanted


def _set(items: Any) -> Test:
    negated = str(items[0][0]) == "NEGATE"
    tests = [_in_set(str(kind), argument) for kind, argument in items[negated:]]
    return lambda character: any(test(character) for test in tests) is not negated


def _in_set(kind: str, argument: Any) -> Test:
    if kind == "RANGE":
        low, high = map(chr, argument)
        return lambda character: low <= character <= high
    if kind == "CATEGORY":
        letter = _CATEGORIES[str(argument)]
        return re.compile(letter, re.ASCII).match  # type: ignore[return-value]
    return _test(kind, argument)


_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
}


def _place(kind: str) -> Callable[[_Run, int], bool]:
    match kind:
        case "AT_BEGINNING" | "AT_BEGINNING_STRING":
            return lambda _run, at: at == 0
        case "AT_END" | "AT_END_STRING":
            return lambda run, at: at == len(run.text)
        case "AT_BOUNDARY":
            return lambda run, at: _is_boundary(run.text, at)
        case "AT_NON_BOUNDARY":
            return lambda run, at: not _is_boundary(run.text, at)
    raise UnsupportedPattern("it has an anchor that ECMA-262 does not have")


def _is_boundary(text: str, at: int) -> bool:
    before = at > 0 and _is_word(text[at - 1])
    return before is not (at < len(text) and _is_word(text[at]))


def _is_word(character: str) -> bool:
    return character == "_" or (character.isascii() and character.isalnum())
