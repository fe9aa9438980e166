"""An answer in pieces, before any provider's words for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from local.simulator.model import Reply

_CHARACTERS = 12  # of a piece; it may part a letter from its accent, never a character


@dataclass(frozen=True, slots=True)
class Thinking:
    """A piece of reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class Saying:
    """A piece of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class Calling:
    """The start of the n-th tool call, from 0."""

    number: int
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Arguing:
    """A piece of the n-th call's arguments."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Called:
    """The end of the n-th call."""

    number: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of the answer, and all of it."""

    reply: Reply


Delta = Thinking | Saying | Calling | Arguing | Called | Finished


def deltas_of(reply: Reply, *, interleaved: bool = False, halves: bool = False) -> Iterator[Delta]:
    """Take a whole answer apart.

    `interleaved`: the pieces of its tool calls take turns. `halves`: a character outside the basic
    plane comes as its two surrogates, in two pieces.
    """
    pieces = _halves if halves else _pieces
    yield from map(Thinking, pieces(reply.thinking))
    yield from map(Saying, pieces(reply.text))
    calls: list[list[Delta]] = [
        [
            Calling(n, call.id, call.name),
            *(Arguing(n, piece) for piece in pieces(call.arguments)),
            Called(n),
        ]
        for n, call in enumerate(reply.calls)
    ]
    if interleaved:
        rounds = zip_longest(*calls)
        yield from (delta for each in rounds for delta in each if delta is not None)
    else:
        yield from (delta for call in calls for delta in call)
    yield Finished(reply)


def _pieces(text: str) -> list[str]:
    return [text[at : at + _CHARACTERS] for at in range(0, len(text), _CHARACTERS)]


def _halves(text: str) -> list[str]:
    encoded = text.encode("utf-16-le", "surrogatepass")
    units = [chr(encoded[at] | encoded[at + 1] << 8) for at in range(0, len(encoded), 2)]
    pieces = [""]
    for unit in units:
        pieces[-1] += unit
        if "\ud800" <= unit <= "\udbff":
            pieces.append("")
    return [piece for piece in pieces if piece]
