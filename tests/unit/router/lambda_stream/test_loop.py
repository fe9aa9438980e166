"""The loop of the Runtime API, against a server that speaks it."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from local.emulator.runtime_api import Ended, RuntimeApi
from router.lambda_stream import runtime_api
from router.lambda_stream.context import Context
from router.lambda_stream.loop import Handler, imported, serve_one
from router.lambda_stream.response import StreamedResponse

SECONDS = 10.0
ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def lambda_side() -> Iterator[RuntimeApi]:
    server = RuntimeApi()
    yield server
    server.close()


def serving(handler: Handler, address: str) -> threading.Thread:
    """Serve one event in another thread."""
    thread = threading.Thread(target=serve_events, args=(handler, address), daemon=True)
    thread.start()
    return thread


def serve_events(handler: Handler, address: str, events: int = 1, silence: float = SECONDS) -> None:
    with closing(runtime_api.RuntimeApi(address)) as api:
        for _ in range(events):
            serve_one(handler, api, silence)


def answered(
    handler: Handler, server: RuntimeApi, **headers: str
) -> tuple[dict[str, Any], list[bytes], Ended]:
    """Return status and headers, the chunks of the body, and its end."""
    invocation = server.put(
        {"a": "é"}, "r-1", seconds=60, Lambda_Runtime_Invoked_Function_Arn="arn:f", **headers
    )
    thread = serving(handler, server.address)
    begun = invocation.prelude(SECONDS)
    assert not isinstance(begun, Ended)
    head, first = begun
    *parts, end = invocation.parts(SECONDS)
    thread.join(SECONDS)
    assert isinstance(end, Ended)
    return head, [part for part in (first, *parts) if isinstance(part, bytes) and part], end


def failed(handler: Handler, server: RuntimeApi) -> Ended:
    invocation = server.put({}, "r-1", seconds=60, Lambda_Runtime_Invoked_Function_Arn="arn:f")
    thread = serving(handler, server.address)
    end = invocation.prelude(SECONDS)
    thread.join(SECONDS)
    assert isinstance(end, Ended)
    return end


def test_status_headers_and_each_part_of_the_body_arrive_as_they_were_made(
    lambda_side: RuntimeApi,
) -> None:
    def handler(event: Any, _context: Context) -> StreamedResponse:
        return StreamedResponse(
            201, {"x-name": "n", "content-type": "text/plain"}, [event["a"].encode(), b"two"]
        )

    head, parts, end = answered(handler, lambda_side)

    assert head == {"statusCode": 201, "headers": {"x-name": "n", "content-type": "text/plain"}}
    assert parts == ["é".encode(), b"two"]
    assert end.error is None


def test_a_part_is_sent_before_the_next_one_is_made(lambda_side: RuntimeApi) -> None:
    may_go_on = threading.Event()

    def body() -> Iterator[bytes]:
        yield b"first"
        assert may_go_on.wait(SECONDS)
        yield b"second"

    invocation = lambda_side.put({}, "r-1", seconds=60, Lambda_Runtime_Invoked_Function_Arn="arn:f")
    serving(lambda _event, _context: StreamedResponse(200, {}, body()), lambda_side.address)

    begun = invocation.prelude(SECONDS)
    assert isinstance(begun, tuple)
    parts = invocation.parts(SECONDS)
    first = begun[1] or next(parts)
    may_go_on.set()

    assert first == b"first"
    assert [*parts] == [b"second", Ended()]


def test_parts_without_bytes_end_no_body(lambda_side: RuntimeApi) -> None:
    body = [b"", b"a", b"", b"b", b""]

    _, parts, end = answered(lambda _e, _c: StreamedResponse(200, {}, body), lambda_side)

    assert parts == [b"a", b"b"]
    assert end.error is None


def test_a_body_without_bytes_has_one(lambda_side: RuntimeApi) -> None:
    _, parts, _ = answered(lambda _e, _c: StreamedResponse(200, {}, []), lambda_side)

    assert parts == [b"\n"]


def test_an_error_before_the_first_byte_is_an_error_of_the_function(
    lambda_side: RuntimeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    def body() -> Iterator[bytes]:
        raise ValueError("a prompt")
        yield b""

    at_once = failed(lambda _e, _c: (_ for _ in ()).throw(KeyError("a prompt")), lambda_side)
    while_made = failed(lambda _e, _c: StreamedResponse(200, {}, body()), lambda_side)

    assert at_once.error is not None
    assert at_once.error["errorType"] == "KeyError"
    assert while_made.error is not None
    assert while_made.error["errorType"] == "ValueError"
    log = capsys.readouterr().err
    assert "a prompt" not in json.dumps([at_once.error, while_made.error]) + log
    assert [json.loads(line)["error"] for line in log.splitlines()] == ["KeyError", "ValueError"]


def test_an_error_in_mid_stream_is_in_the_trailers(lambda_side: RuntimeApi) -> None:
    def body() -> Iterator[bytes]:
        yield b"half"
        raise ValueError("a prompt")

    head, parts, end = answered(lambda _e, _c: StreamedResponse(200, {}, body()), lambda_side)

    assert (head["statusCode"], parts) == (200, [b"half"])
    assert end.error is not None
    assert end.error["errorType"] == "ValueError"
    assert end.error["errorMessage"].startswith("test_loop.py:")


def test_the_loop_goes_on_after_an_error(lambda_side: RuntimeApi) -> None:
    arn = "arn:f"
    first = lambda_side.put({}, "r-1", seconds=60, Lambda_Runtime_Invoked_Function_Arn=arn)
    second = lambda_side.put({"ok": 1}, "r-2", seconds=60, Lambda_Runtime_Invoked_Function_Arn=arn)

    def handler(event: Any, _context: Context) -> StreamedResponse:
        return StreamedResponse.whole(200, {}, str(event["ok"]).encode())

    serve_events(handler, lambda_side.address, events=2)

    assert isinstance(first.prelude(SECONDS), Ended)
    assert isinstance(second.prelude(SECONDS), tuple)


def test_the_body_is_made_to_its_end_when_nobody_takes_it() -> None:
    """The Runtime API hangs up in mid-stream: the provider's stream must be read to its usage."""
    has_hung_up = threading.Event()
    made: list[int] = []

    def hang_up(listener: socket.socket) -> None:
        events, _ = listener.accept()
        events.recv(65536)
        events.sendall(
            b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: r-1\r\n"
            b"Lambda-Runtime-Invoked-Function-Arn: arn:f\r\nLambda-Runtime-Deadline-Ms: 0\r\n"
            b"Content-Length: 2\r\n\r\n{}"
        )
        response, _ = listener.accept()
        found = b""
        while b"part 0" not in found:
            found += response.recv(65536)
        response.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        response.close()
        has_hung_up.set()
        assert events.recv(1) == b""
        events.close()

    def body() -> Iterator[bytes]:
        for number in range(50):
            made.append(number)
            yield b"part %d" % number
            assert has_hung_up.wait(SECONDS)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=hang_up, args=(listener,), daemon=True)
        thread.start()
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        serve_events(lambda _e, _c: StreamedResponse(200, {}, body()), address)
        thread.join(SECONDS)

    assert made == list(range(50))


def test_a_handler_is_given_lambdas_context_and_the_trace(
    lambda_side: RuntimeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "converse")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "the trace before")
    seen: list[Any] = []

    def handler(_event: Any, context: Context) -> StreamedResponse:
        seen.append((context, os.environ.get("_X_AMZN_TRACE_ID")))
        return StreamedResponse.whole(200, {}, b"x")

    answered(handler, lambda_side, Lambda_Runtime_Trace_Id="Root=1")
    answered(handler, lambda_side)

    context, trace = seen[0]
    assert (trace, seen[1][1]) == ("Root=1", None)
    assert context.aws_request_id == "r-1"
    assert context.invoked_function_arn == "arn:f"
    assert (context.function_name, context.memory_limit_in_mb) == ("converse", "512")
    assert 50_000 < context.get_remaining_time_in_millis() <= 60_000


def test_powertools_takes_the_context(
    lambda_side: RuntimeApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from aws_lambda_powertools import Logger

    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "converse")
    logger = Logger(service="converse", stream=sys.stdout)

    @logger.inject_lambda_context
    def handler(_event: Any, _context: Context) -> StreamedResponse:
        logger.info("hello")
        return StreamedResponse.whole(200, {}, b"x")

    answered(handler, lambda_side)

    assert json.loads(capsys.readouterr().out)["function_request_id"] == "r-1"


def test_a_handler_that_cannot_be_imported_is_reported(lambda_side: RuntimeApi) -> None:
    with pytest.raises(ModuleNotFoundError):
        imported("router.no_such.handler", runtime_api.RuntimeApi(lambda_side.address))

    error = lambda_side.starts.get(timeout=SECONDS)
    assert error is not None
    assert error["errorType"] == "ModuleNotFoundError"


def test_the_wrapper_starts_the_loop_in_the_place_of_lambdas_own(
    lambda_side: RuntimeApi, tmp_path: Path
) -> None:
    (tmp_path / "probe.py").write_text(
        "from router.lambda_stream.response import StreamedResponse\n"
        "def handler(event, context):\n"
        "    return StreamedResponse.whole(200, {}, event['say'].encode())\n"
    )
    invocation = lambda_side.put(
        {"say": "hi"}, "r-1", seconds=60, Lambda_Runtime_Invoked_Function_Arn="arn:f"
    )
    wrapper = ROOT / "src" / "router" / "lambda_stream" / "start.sh"
    process = subprocess.Popen(
        [wrapper, sys.executable, "-s", "/var/runtime/bootstrap.py"],
        env={
            "AWS_LAMBDA_RUNTIME_API": lambda_side.address,
            "LAMBDA_TASK_ROOT": str(tmp_path),
            "PYTHONPATH": str(ROOT / "src"),
            "_HANDLER": "probe.handler",
        },
    )
    try:
        begun = invocation.prelude(SECONDS)
        assert isinstance(begun, tuple)
        assert begun[0]["statusCode"] == 200
        assert [begun[1], *invocation.parts(SECONDS)][-2:] == [b"hi", Ended()]
    finally:
        process.kill()
        process.wait()
