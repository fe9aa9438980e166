"""Measures how much of each moment the machine gave to the cloud, and keeps the cloud's time.

Linux counts, for each thread, how long it waited for a processor while it could have run. What the
threads of the emulator, the simulator and the functions at work waited in a beat is taken off it:
that is the machine's doing, and on AWS it would not be. Where nothing counts it, the load average
divides the time. What a small fixed job takes in processor time shows a slow processor, or one that
is lent to another machine meanwhile; time slows with it.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from local.cloud_time import BEAT, LEAST, write

_JOB_SECONDS = 0.0005
"""What the job may take before time slows: an ordinary processor needs two thirds of it."""
_JOB_EVERY = 10  # beats
_MOST_SLOWNESS = 10.0
_PROC = Path("/proc")

Thread = tuple[int, str]


class Waits:
    """What the threads of some processes have waited for a processor."""

    def __init__(self, *pids: int, proc: Path = _PROC) -> None:
        self._proc = proc
        self._lock = threading.Lock()
        self._watched: dict[int, int] = {}
        self._files: dict[Thread, int] = {}  # left open: opening them takes most of the time
        self._before: dict[Thread, int] = {}
        for pid in pids:
            self.add(pid)

    def add(self, pid: int) -> None:
        """Count the threads of a process from now on."""
        with self._lock:
            self._watched[pid] = self._watched.get(pid, 0) + 1
            if self._watched[pid] == 1:
                self._open(pid)
                self._before.update(self._read(pid))

    @contextmanager
    def watching(self, pid: int) -> Iterator[None]:
        """Count this process too, for the block."""
        self.add(pid)
        try:
            yield
        finally:
            with self._lock:
                self._watched[pid] -= 1
                if not self._watched[pid]:
                    del self._watched[pid]
                    for thread in [each for each in self._files if each[0] == pid]:
                        self._close(thread)

    def take(self) -> float | None:
        """Seconds waited since the last look, over all threads; None if nothing counts them."""
        waited = 0
        with self._lock:
            for pid in self._watched:
                self._open(pid)
            for thread, value in self._read():
                waited += value - self._before.get(thread, 0)
                self._before[thread] = value
            return waited / 1e9 if self._files else None

    def _open(self, pid: int) -> None:
        """Open the counters of threads that were not there before."""
        with suppress(OSError):
            for name in os.listdir(self._proc / str(pid) / "task"):  # noqa: PTH208 - often
                if (pid, name) not in self._files:
                    path = f"{self._proc}/{pid}/task/{name}/schedstat"
                    with suppress(OSError):
                        self._files[pid, name] = os.open(path, os.O_RDONLY)

    def _read(self, only: int | None = None) -> list[tuple[Thread, int]]:
        found = []
        for thread, file in list(self._files.items()):
            if only in (None, thread[0]):
                try:
                    found.append((thread, int(os.pread(file, 100, 0).split()[1])))
                except (OSError, ValueError, IndexError):  # the thread has ended
                    self._close(thread)
        return found

    def _close(self, thread: Thread) -> None:
        os.close(self._files.pop(thread))
        self._before.pop(thread, None)


def advance(elapsed: float, waited: float | None, slowness: float, load: float) -> float:
    """How much of `elapsed` seconds counts.

    A beat that comes very late counts as two: whatever kept the pacemaker kept others too.
    """
    elapsed = min(elapsed, 2 * BEAT)
    given = elapsed / max(load, 1.0) if waited is None else elapsed - waited
    return max(given / slowness, elapsed * LEAST)


class Pacemaker:
    """Keeps the time in a file, beat by beat."""

    def __init__(
        self,
        path: Path,
        waits: Waits,
        monotonic: Callable[[], float] = time.monotonic,
        job: Callable[[], float] | None = None,
    ) -> None:
        self._path, self._waits, self._monotonic = path, waits, monotonic
        self._job = job or _job
        self._seconds, self._beats, self._slowness = 0.0, 0, 1.0
        self._last = monotonic()
        write(path, 0.0)

    def beat(self) -> None:
        """Add what counts of the time since the last beat."""
        if self._beats % _JOB_EVERY == 0:
            self._slowness = min(max(self._job() / _JOB_SECONDS, 1.0), _MOST_SLOWNESS)
        self._beats += 1
        now = self._monotonic()
        load = os.getloadavg()[0] / (os.cpu_count() or 1)
        self._seconds += advance(now - self._last, self._waits.take(), self._slowness, load)
        self._last = now
        write(self._path, self._seconds)

    def run(self) -> None:
        """Beat for ever."""
        while True:
            time.sleep(BEAT)
            self.beat()


def _job() -> float:
    """Processor seconds of a fixed piece of work: the least of three, which no switch disturbed."""

    def once() -> float:
        began = time.thread_time()
        sum(number * number for number in range(8000))
        return time.thread_time() - began

    return min(once() for _ in range(3))


waits = Waits(os.getpid())


def start(path: Path, *companions: int) -> None:
    """Keep the time from now on, in a thread; companions are processes that the cloud needs."""
    for pid in companions:
        waits.add(pid)
    pacemaker = Pacemaker(path, waits)
    threading.Thread(target=pacemaker.run, name="pacemaker", daemon=True).start()
