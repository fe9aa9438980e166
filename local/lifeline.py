"""Ends a child process when the process that started it is gone, however it went."""

import os
import signal
import threading


def follow_parent() -> None:
    """Send this process and its children SIGTERM once standard input reaches its end.

    The process must lead a process group of its own. The parent holds the other end of the pipe,
    which the kernel closes even when the parent is killed outright: no polling, no process ids that
    may have been used again.
    """
    threading.Thread(target=_wait_for_end, name="lifeline", daemon=True).start()


def _wait_for_end() -> None:
    # Not by way of sys.stdin, whose lock would end a process that ends by itself with a crash.
    while os.read(0, 4096):
        pass
    os.killpg(0, signal.SIGTERM)
