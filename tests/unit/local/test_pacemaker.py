"""The cloud's time leaves out what its processes waited for a processor."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import cloud_time
from local.cloud_time import BEAT, LEAST
from local.emulator.pacemaker import Pacemaker, Waits, advance


class Machine:
    """A folder like /proc, in which tests let threads wait."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def waited(self, pid: int, thread: int, seconds: float) -> None:
        place = self.folder / str(pid) / "task" / str(thread)
        place.mkdir(parents=True, exist_ok=True)
        (place / "schedstat").write_text(f"123456 {int(seconds * 1e9)} 7\n")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_waits_of_all_threads_count_from_the_first_look(machine: Machine) -> None:
    machine.waited(1, 1, 5)
    waits = Waits(1, proc=machine.folder)
    machine.waited(1, 1, 5.2)
    machine.waited(1, 2, 0.3)  # began since

    assert waits.take() == pytest.approx(0.5)
    assert waits.take() == 0


def test_a_function_at_work_counts_and_one_that_rests_does_not(machine: Machine) -> None:
    machine.waited(1, 1, 0)
    machine.waited(2, 2, 9)
    waits = Waits(1, proc=machine.folder)

    with waits.watching(2):
        machine.waited(2, 2, 9.25)
        assert waits.take() == pytest.approx(0.25)
    machine.waited(2, 2, 20)

    assert waits.take() == 0


def test_a_process_that_ended_is_no_error(machine: Machine) -> None:
    machine.waited(1, 1, 0)
    waits = Waits(1, proc=machine.folder)

    with waits.watching(99):
        assert waits.take() == 0


def test_a_machine_that_counts_no_waits_says_so(machine: Machine) -> None:
    assert Waits(1, proc=machine.folder).take() is None


@pytest.mark.parametrize(
    ("waited", "slowness", "load", "counted"),
    [
        (0.0, 1.0, 9.0, BEAT),  # the load is no matter where waits are counted
        (0.06, 1.0, 1.0, BEAT - 0.06),
        (0.0, 2.0, 1.0, BEAT / 2),
        (5.0, 1.0, 1.0, BEAT * LEAST),
        (None, 1.0, 4.0, BEAT / 4),
        (None, 1.0, 0.2, BEAT),
    ],
)
def test_what_counts_of_a_beat(
    waited: float | None, slowness: float, load: float, counted: float
) -> None:
    assert advance(BEAT, waited, slowness, load) == pytest.approx(counted)


def test_a_beat_that_comes_very_late_counts_as_two() -> None:
    assert advance(60, 0.0, 1.0, 1.0) == pytest.approx(2 * BEAT)


def test_the_pacemaker_writes_the_time_that_others_read(machine: Machine, tmp_path: Path) -> None:
    machine.waited(1, 1, 0)
    clock = iter([100.0, 100.1, 100.2])
    path = tmp_path / "time"
    pacemaker = Pacemaker(path, Waits(1, proc=machine.folder), lambda: next(clock), lambda: 0.0)
    pacemaker.beat()
    machine.waited(1, 1, 0.08)
    pacemaker.beat()

    cloud_time.follow(path)
    try:
        assert 0.12 <= cloud_time.now() < 0.12 + BEAT + 0.05
    finally:
        cloud_time.follow(None)


def test_a_slow_processor_slows_the_time(machine: Machine, tmp_path: Path) -> None:
    machine.waited(1, 1, 0)
    clock = iter([100.0, 100.1])
    path = tmp_path / "time"
    slow = Pacemaker(path, Waits(1, proc=machine.folder), lambda: next(clock), lambda: 0.002)
    slow.beat()

    cloud_time.follow(path)
    try:
        assert cloud_time.now() < 0.1 / 4 + BEAT + 0.05
    finally:
        cloud_time.follow(None)
