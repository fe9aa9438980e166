"""Child processes of the local cloud: started in a group of their own, ended with all of it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

STOP_SECONDS = 8.0

_children: dict[int, subprocess.Popen[bytes]] = {}


def spawn(
    module: str,
    arguments: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Path,
    detach: bool,
) -> int:
    """Run a Python module in the background, its output in `log`; answer its process id."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=cwd,
            env=dict(env),
            # The pipe's other end closes when this process ends; see local/lifeline.py.
            stdin=subprocess.DEVNULL if detach else subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C goes to the caller alone, which then stops us in order
        )
    _children[child.pid] = child
    return child.pid


def end(pids: Iterable[int]) -> None:
    """Stop processes and all they started: politely, then by force; return when they are gone."""
    ours = list(pids)
    waiting = [pid for pid in ours if is_alive(pid)]
    for pid in waiting:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while waiting := [pid for pid in waiting if is_alive(pid)]:
        if time.monotonic() > deadline:
            for pid in waiting:
                os.kill(pid, signal.SIGKILL)
            deadline = float("inf")
        time.sleep(0.02)
    for pid in ours:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)  # Lambda workers in the middle of a handler
        child = _children.pop(pid, None)
        if child and child.stdin:
            child.stdin.close()


def is_alive(pid: int) -> bool:
    """Whether a process still runs; one of ours that ended is collected here."""
    if pid in _children:
        return _children[pid].poll() is None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def runs(pid: int, words: Iterable[str]) -> bool:
    """Whether a process's command line holds one of these words: a pid may have a new owner."""
    found = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return any(word in found.stdout for word in words)
