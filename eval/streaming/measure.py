"""Lets the sides take turns, and keeps what comes of it."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection

from eval.streaming.process import cpu_seconds, forget_most, memory_mb, most_memory_mb
from eval.streaming.side import Answered, Side, ask_all

CALLERS = (1, 8, 32)
# An answer's characters. The simulator sends twelve at a time, and counts four as a token.
_SHORT, _LONG = 600, 6_600
_CHARACTERS_OF_A_TOKEN = 4
_PACE_MS = 20  # twelve characters each: 150 tokens a second
# Callers while answers are long.
_OF_LONG = 8


@dataclass(slots=True)
class Measured:
    """One side: its answers and its processor seconds, by the number of callers."""

    answers: dict[int, list[Answered]] = field(default_factory=dict)
    cpu: dict[int, float] = field(default_factory=dict)
    cpu_of_long: float = 0.0
    processes: int = 0
    idle_mb: float = 0.0
    most_mb: float = 0.0

    def first_token(self, callers: int) -> float:
        """Return the median of the seconds to the first token."""
        return statistics.median(answer.first_token for answer in self.answers[callers])

    def waited(self, callers: int) -> float:
        """Return the median of the seconds for which a first token waited for the tables."""
        return statistics.median(answer.waited for answer in self.answers[callers])

    def cpu_of_request(self, callers: int) -> float:
        """Return the processor seconds of a request with a short answer."""
        return self.cpu[callers] / len(self.answers[callers])

    @property
    def cpu_of_1000_tokens(self) -> float:
        """Return what a longer answer takes more, per 1,000 of its tokens."""
        more = (_LONG - _SHORT) / _CHARACTERS_OF_A_TOKEN
        return (self.cpu_of_long - self.cpu_of_request(_OF_LONG)) / more * 1000

    @property
    def mb_of_stream(self) -> float:
        """Return the memory of one of many streams: a process has one, or all of them."""
        if self.processes > 1:
            return self.most_mb / self.processes
        return (self.most_mb - self.idle_mb) / CALLERS[-1]


def measure(
    sides: Sequence[Side], simulator: int, requests: int, rounds: int
) -> dict[str, Measured]:
    """Return what comes of so many rounds, by side; each has its turn at each number of callers."""
    turns = _Turns({side.name: Measured() for side in sides})
    script(simulator, _SHORT, 1)
    for side in sides:  # connections are opened, modules imported, keys read
        ask_all(side, CALLERS[-1], turns.prompts(2 * CALLERS[-1]))
    for side in sides:
        turns.settle(side)
    script(simulator, _SHORT, _PACE_MS)
    for _ in range(rounds):
        for callers in CALLERS:
            for side in sides:
                turns.take(side, callers, requests if callers > 1 else requests // 4)
    for side in sides:
        turns.found[side.name].most_mb = sum(map(most_memory_mb, side.pids()))
    script(simulator, _LONG, _PACE_MS)
    for side in sides:
        turns.take_long(side)
    return turns.found


class _Turns:
    def __init__(self, found: dict[str, Measured]) -> None:
        self.found = found
        self._number = 0

    def prompts(self, most: int) -> list[str]:
        """Return questions that nobody has asked: none joins another, or is answered from it."""
        self._number += most
        return [f"What is item {self._number - n} of the list?" for n in range(most)]

    def settle(self, side: Side) -> None:
        """Take down what the side holds before its turns."""
        found, pids = self.found[side.name], side.pids()
        found.processes, found.idle_mb = len(pids), sum(map(memory_mb, pids))
        for pid in pids:
            forget_most(pid)

    def take(self, side: Side, callers: int, requests: int) -> None:
        """Take one turn."""
        found, asked = self.found[side.name], self.prompts(max(requests, callers))
        before = _cpu(side)
        found.answers.setdefault(callers, []).extend(ask_all(side, callers, asked))
        found.cpu[callers] = found.cpu.get(callers, 0.0) + _cpu(side) - before

    def take_long(self, side: Side) -> None:
        """Take the turn whose answers are long."""
        asked, before = self.prompts(_OF_LONG), _cpu(side)
        ask_all(side, _OF_LONG, asked)
        self.found[side.name].cpu_of_long = (_cpu(side) - before) / len(asked)


def _cpu(side: Side) -> float:
    return sum(map(cpu_seconds, side.pids()))


def script(simulator: int, characters: int, pace_ms: int) -> None:
    """Let the simulated model answer with so many characters, an event each so many ms."""
    text = ("A word and " * (characters // 11 + 1))[:characters]
    rule = {"match": {"stream": True}, "count": None, "text": text, "slow_ms": pace_ms}
    line = HTTPConnection("127.0.0.1", simulator)
    for method, body in (("DELETE", ""), ("POST", json.dumps(rule))):
        line.request(method, "/_admin/script", body)
        answer = line.getresponse()
        if answer.status != 200:
            raise RuntimeError(answer.read().decode())
        answer.read()
    line.close()
