from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from local.locking import alone

HOLDER = """
import sys
from pathlib import Path
from local.locking import alone
with alone(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
    Path(sys.argv[2]).write_text("first")
"""


def test_the_second_process_waits_until_the_first_is_done(tmp_path: Path) -> None:
    lock, done = tmp_path / "new" / "lock", tmp_path / "done"
    first = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock), str(done)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with first:
        assert first.stdin is not None
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        first.stdin.close()

        with alone(lock):
            seen = done.read_text()

    assert seen == "first"
