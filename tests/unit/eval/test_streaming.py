"""Streams are compared by first tokens and by what is a side's own; the gates can fail."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from eval.streaming.__main__ import gates_hold
from eval.streaming.http_side import begins
from eval.streaming.measure import Measured
from eval.streaming.process import cpu_seconds, memory_mb
from eval.streaming.side import Answered, ask_all

ROLE = b'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n'


@pytest.mark.parametrize("heard", [ROLE, ROLE.replace(b'""', b"null"), ROLE + b'"content": "'])
def test_a_stream_without_a_piece_of_text_has_no_first_token(heard: bytes) -> None:
    assert not begins(heard)


@pytest.mark.parametrize("piece", [b'"content":"A"', b'"content": "A'])
def test_the_first_piece_of_text_is_the_first_token(piece: bytes) -> None:
    assert begins(ROLE + piece)


def test_each_prompt_is_asked_once_by_as_many_callers_as_there_are() -> None:
    asked: list[tuple[int, str]] = []

    class Noting:
        name = "noting"

        def ask(self, caller: int, prompt: str) -> Answered:
            asked.append((caller, prompt))
            return Answered(1.0)

        def pids(self) -> Sequence[int]:
            return []

    answers = ask_all(Noting(), 3, [str(number) for number in range(7)])

    assert len(answers) == 7
    assert sorted(prompt for _, prompt in asked) == [str(number) for number in range(7)]
    assert {caller for caller, _ in asked} == {0, 1, 2}


def measured(first_token: float, cpu: float, waited: float = 0.0) -> Measured:
    answers = {callers: [Answered(first_token, waited)] for callers in (1, 8)}
    return Measured(answers, cpu={1: cpu, 8: cpu}, processes=1, idle_mb=100, most_mb=132)


def test_what_a_stream_waited_for_its_tables_is_not_the_function_s_own() -> None:
    alone, theirs = measured(0.1, 0), measured(0.12, 0.02)

    assert gates_hold(alone, measured(0.15, 0.01, waited=0.04), theirs)
    assert not gates_hold(alone, measured(0.15, 0.01, waited=0.02), theirs)


def test_a_request_that_takes_as_much_of_the_processor_does_not_pass() -> None:
    alone, theirs = measured(0.1, 0), measured(0.2, 0.02)

    assert not gates_hold(alone, measured(0.11, 0.02), theirs)


def test_tokens_cost_what_a_longer_answer_takes_more() -> None:
    side = measured(0.1, cpu=0.01)
    side.cpu_of_long = 0.16  # 1,500 tokens more

    assert side.cpu_of_1000_tokens == pytest.approx(0.1)


def test_streams_of_one_process_share_what_it_held_before() -> None:
    assert measured(0.1, 0).mb_of_stream == 1
    assert Measured(processes=4, idle_mb=80, most_mb=100).mb_of_stream == 25


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux's /proc")
def test_a_process_has_the_time_and_the_memory_that_the_kernel_counts() -> None:
    times = os.times()

    assert cpu_seconds(os.getpid()) == pytest.approx(times.user + times.system, abs=0.2)
    assert 1 < memory_mb(os.getpid()) < 10_000
