"""Runs a command beside busy loops, as many as eight programs that never wait.

python -m tools.busy make test
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

LOOPS = 8
_LOOP = """
import os
parent = os.getppid()
while os.getppid() == parent:  # one whose starter was killed ends too
    for _ in range(1_000_000):
        pass
"""


@contextmanager
def busy_loops(count: int = LOOPS) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Keep so many processes busy for the block."""
    with ExitStack() as stack:
        loops = [subprocess.Popen([sys.executable, "-c", _LOOP]) for _ in range(count)]
        for loop in loops:
            stack.callback(loop.wait)
            stack.callback(loop.kill)
        yield loops


def main(command: Sequence[str]) -> int:
    """Run the command; say how long it took under which load, and answer its exit code."""
    if not command:
        print("write the command: python -m tools.busy make test", file=sys.stderr)
        return 2
    began = time.monotonic()
    with busy_loops():
        code = subprocess.run(command, check=False).returncode
        load = os.getloadavg()[0]
    minutes, seconds = divmod(round(time.monotonic() - began), 60)
    verdict = "succeeded" if code == 0 else f"failed ({code})"
    print(f"{verdict} beside {LOOPS} busy loops in {minutes} min {seconds} s, load {load:.1f}")
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
