"""No limit of the local cloud passes while its time does not.

A file that no pacemaker writes stays at its second for a while: time passes on the wall alone.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from local import cloud_time
from local.emulator import bootstrap, http_task
from local.emulator.answers_in_time import next_of
from local.emulator.http_task import Connection, TaskError
from local.emulator.patches.lambda_.worker_cap import Clock
from local.emulator.patches.stepfunctions import execution_limits

BEGAN = 5000.0
HANDLER = """
import socket, threading, time

def handler(event, context):
    ours, theirs = socket.socketpair()
    ours.settimeout(0.15)  # more than a beat, less than the answer takes
    threading.Timer(0.4, theirs.sendall, (b"late",)).start()
    before = time.monotonic()
    return [before, ours.recv(4).decode(), context.get_remaining_time_in_millis()]
"""


@pytest.fixture
def still(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "time"
    cloud_time.write(path, BEGAN)
    cloud_time.follow(path)
    yield path
    cloud_time.follow(None)


def test_a_functions_clock_sockets_and_remaining_time_are_the_clouds(
    still: Path, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(HANDLER)
    settings = {
        "path": [str(tmp_path)], "handler": "app.handler", "function_name": "f", "version": "1",
        "memory": 128, "timeout": 3.0, "time": str(still),
    }  # fmt: skip
    message = {"event": {}, "request_id": "1", "function_arn": "", "environment": {}}
    cloud_time.write(still, BEGAN)

    done = subprocess.run(
        [sys.executable, "-I", "-S", str(bootstrap.__file__)],
        input=f"{json.dumps(settings)}\n{json.dumps(message)}\n",
        env={"AWS_LAMBDA_LOG_GROUP_NAME": "g", "AWS_LAMBDA_LOG_STREAM_NAME": "s"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    ready, answer = map(json.loads, done.stdout.splitlines())
    assert ready == {"ready": True}
    before, received, remaining = answer["result"]
    assert BEGAN <= before < BEGAN + 5
    assert received == "late"
    assert 2500 < remaining <= 3000


class Answers(queue.Queue[str]):
    """Answers at the third look."""

    looks = 0

    def get(self, block: bool = True, timeout: float | None = None) -> str:
        self.looks += 1
        if self.looks < 3:
            raise queue.Empty
        return "answer"


def test_a_function_that_was_not_run_is_not_timed_out(still: Path) -> None:
    assert next_of(Answers(), 0.2) == "answer"


def test_a_function_that_had_its_time_is(still: Path) -> None:
    waiting: queue.Queue[str] = queue.Queue()
    threading.Timer(0.1, cloud_time.write, (still, BEGAN + 1)).start()

    with pytest.raises(queue.Empty):
        next_of(waiting, 0.9)


def test_a_tasks_clock_is_the_clouds(still: Path) -> None:
    clock = Clock()
    cloud_time.write(still, BEGAN + 60)

    assert 59 < clock.elapsed() < 61


def test_a_machines_limit_passes_with_the_clouds_time(
    still: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed_out: list[Any] = []
    monkeypatch.setattr(execution_limits, "_time_out", lambda *given: timed_out.append(given))
    ended = threading.Event()
    ended.set()

    execution_limits._watch({}, 60, ended)
    assert timed_out == []

    ended.clear()
    threading.Timer(0.1, cloud_time.write, (still, BEGAN + 61)).start()
    execution_limits._watch({}, 60, ended)
    assert timed_out == [({}, 60)]


class Late(BaseHTTPRequestHandler):
    """Answers when the test lets it."""

    go = threading.Event()

    def do_POST(self) -> None:
        self.go.wait(10)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.mark.parametrize("is_run", [False, True])
def test_an_http_task_waits_in_the_clouds_time(still: Path, is_run: bool) -> None:
    Late.go.clear()
    with HTTPServer(("127.0.0.1", 0), Late) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        arguments = {"ApiEndpoint": f"http://127.0.0.1:{server.server_port}/", "Method": "POST"}
        call = http_task.build(arguments, Connection(), region="us-east-1")
        cloud_time.write(still, BEGAN)
        if is_run:  # the cloud's time passes, and nobody answers
            threading.Timer(0.1, cloud_time.write, (still, BEGAN + 9)).start()
            with pytest.raises(TaskError, match="timed out"):
                http_task.send(call, seconds=0.2)
            Late.go.set()
        else:  # three time-outs of the wall's pass
            threading.Timer(0.6, Late.go.set).start()
            assert http_task.send(call, seconds=0.2)["StatusCode"] == 200
        thread.join()
