"""What waits for the local cloud waits in its time, which stops while the machine is busy."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import cloud_time
from local.cloud_time import BEAT, LEAST, PatientSocket


class Wall:
    """The machine's clock, and a pacemaker that gives the cloud a share of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seconds = 1000.0
        self.cloud = 0.0
        self.share = 1.0
        self.passes_with_looks = False
        cloud_time.write(path, 0.0)

    def look(self) -> float:
        if self.passes_with_looks:
            self.seconds += 0.001
        return self.seconds

    def pass_(self, seconds: float) -> None:
        self.seconds += seconds
        self.cloud += seconds * self.share
        cloud_time.write(self.path, self.cloud)


@pytest.fixture
def wall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wall]:
    found = Wall(tmp_path / "time")
    monkeypatch.setattr(cloud_time, "_monotonic", found.look)
    monkeypatch.setattr(cloud_time, "_sleep", found.pass_)
    found.pass_(0)
    cloud_time.follow(found.path)
    yield found
    cloud_time.follow(None)


def test_a_cloud_that_gets_no_processor_loses_no_time(wall: Wall) -> None:
    began = cloud_time.now()
    wall.share = 0.0

    wall.pass_(50)

    assert cloud_time.now() == pytest.approx(began)


def test_a_wait_lasts_until_the_clouds_time_has_passed(wall: Wall) -> None:
    wall.share = 0.1
    looks: list[float] = []

    def never(seconds: float) -> bool:
        looks.append(seconds)
        wall.pass_(seconds)
        return False

    assert cloud_time.wait(never, 2) is False
    assert wall.seconds - 1000 == pytest.approx(20, rel=0.1)
    assert max(looks) <= 0.25


def test_a_wait_ends_with_its_condition(wall: Wall) -> None:
    assert cloud_time.wait(lambda _: True, 0)


def test_a_sleep_lasts_until_the_clouds_time_has_passed(wall: Wall) -> None:
    wall.share = 0.5

    cloud_time.sleep(3)

    assert wall.seconds - 1000 == pytest.approx(6, rel=0.1)


def test_between_two_beats_time_goes_on_and_never_back(wall: Wall) -> None:
    wall.seconds += BEAT / 2
    between = cloud_time.now()
    cloud_time.write(wall.path, 0.0)  # the beat finds that none of it counted

    assert between == pytest.approx(BEAT / 2)
    assert cloud_time.now() == between


def test_without_a_pacemaker_a_wait_ends_all_the_same(wall: Wall) -> None:
    wall.seconds += 3600

    assert cloud_time.now() == pytest.approx(3600 * LEAST, rel=0.02)


def test_without_a_file_time_is_the_walls(wall: Wall) -> None:
    cloud_time.follow(None)
    wall.seconds += 7

    assert cloud_time.now() == wall.seconds


def test_a_sockets_time_out_is_the_clouds_time(wall: Wall) -> None:
    ours, theirs = socket.socketpair()
    patient = PatientSocket(fileno=ours.detach())
    patient.settimeout(0.01)
    timer = threading.Timer(0.1, theirs.sendall, (b"late",))  # ten time-outs of the wall's

    with patient, theirs:
        timer.start()
        received = patient.recv(10)

        assert received == b"late"
        assert patient.gettimeout() == pytest.approx(0.01)


def test_a_socket_that_stays_silent_times_out(wall: Wall) -> None:
    ours, theirs = socket.socketpair()
    patient = PatientSocket(fileno=ours.detach())
    patient.settimeout(0.01)
    wall.passes_with_looks = True

    with patient, theirs, pytest.raises(TimeoutError):
        patient.recv(10)
