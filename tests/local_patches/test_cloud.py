"""The local cloud starts on free ports, is found again, and leaves nothing running."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local import cloud
from tests.support.patience import HANGS_SECONDS

# A background job of a shell ignores Ctrl-C, and so does what it starts: the program listens again.
PROGRAM = """
import signal
import sys
from pathlib import Path
from local import cloud
signal.signal(signal.SIGINT, signal.default_int_handler)
running = cloud.start(folder=Path(sys.argv[1]))
print(*running.pids, flush=True)
sys.stdin.read()
"""


def is_alive(pid: int) -> bool:
    found = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return bool(found) and not found.startswith("Z")


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_servers_end_with_the_program_that_started_them(
    lab: Any, tmp_path: Path, how: signal.Signals
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        cwd=cloud.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as program:
        assert program.stdout
        pids = [int(pid) for pid in program.stdout.readline().split()]
        assert all(map(is_alive, pids))

        program.send_signal(how)
        program.wait(timeout=HANGS_SECONDS)

    lab.wait_for(lambda: not any(map(is_alive, pids)))


def test_state_file_leads_the_next_command_to_the_running_cloud(lab: Any, tmp_path: Path) -> None:
    state = tmp_path / "cloud.json"

    cloud.save(lab.cloud, state)

    assert cloud.running(state) == lab.cloud


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pids": [1]}'])
def test_damaged_state_file_counts_as_none(tmp_path: Path, text: str) -> None:
    state = tmp_path / "cloud.json"
    state.write_text(text)

    assert cloud.running(state) is None
    assert not state.exists()


def test_stale_state_file_is_removed_and_strangers_live_on(tmp_path: Path) -> None:
    state = tmp_path / "cloud.json"
    free = "http://127.0.0.1:9"
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        cloud.save(cloud.Cloud(free, free, False, (stranger.pid, os.getpid())), state)

        assert cloud.running(state) is None

        assert stranger.poll() is None
        assert not state.exists()
        stranger.kill()


def test_taken_port_is_one_line_that_says_what_to_do(tmp_path: Path, taken: int) -> None:
    with pytest.raises(cloud.CloudError) as caught:
        cloud.start(emulator_port=taken, folder=tmp_path)

    assert f"Port {taken} for the emulator is not free" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_server_that_cannot_start_is_told_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'no such engine' >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))

    with pytest.raises(cloud.CloudError, match="no such engine"):
        cloud.start(folder=tmp_path / "cloud")


def test_environment_points_aws_tools_at_the_emulator(lab: Any) -> None:
    env = lab.cloud.env()

    assert env["AWS_ENDPOINT_URL"] == lab.cloud.emulator_url
    assert env["AWS_REGION"] == "us-east-1"
    assert json.dumps(env)
