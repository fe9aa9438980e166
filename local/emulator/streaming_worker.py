"""An execution environment whose exec wrapper runs a loop of its own: it gets a Runtime API."""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from local import cloud_time
from local.emulator import calls, chaos, packages, response_stream
from local.emulator.answers_in_time import next_of
from local.emulator.pacemaker import waits
from local.emulator.response_stream import ResponseStream
from local.emulator.runtime_api import Ended, Invocation, RuntimeApi
from local.emulator.worker import INIT_SECONDS, PythonWorker, error_of

_BOOTSTRAP = Path(__file__).with_name("streaming_bootstrap.py")
_TASK_ROOT = "/var/task/"
_WRAPPER = "AWS_LAMBDA_EXEC_WRAPPER"


def is_wrapped(config: dict[str, Any]) -> bool:
    """Return whether a function brings a loop of its own."""
    return bool(config.get("Environment", {}).get("Variables", {}).get(_WRAPPER))


class StreamingWorker(PythonWorker):
    """A warm worker that hands each chunk on as it comes."""

    _api: RuntimeApi
    _log_file: TextIO
    _calls_file: TextIO

    def invoke(
        self,
        event: Any,
        request_id: str,
        *,
        trace_id: str | None = None,
        invoked_function_arn: str | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        """Run one event; the result is the whole response, for those who did not see it come."""
        with self._lock:
            if self._proc is None or self._proc.poll() is not None:
                failure = self._start()
                if failure:
                    return {"error": failure, "log": self._read(self._log_file)}
            timeout = float(self.config.get("Timeout", 3))
            invocation = self._api.put(
                event,
                request_id,
                seconds=timeout,
                Lambda_Runtime_Invoked_Function_Arn=invoked_function_arn
                or self.config.get("FunctionArn", ""),
                **({"Lambda_Runtime_Trace_Id": trace_id} if trace_id else {}),
            )
            with waits.watching(self._proc.pid):
                answer = self._streamed(invocation, timeout)
            calls.note(self.func_name, map(json.loads, self._read(self._calls_file).splitlines()))
            return {**answer, "log": self._read(self._log_file)}

    def _streamed(self, invocation: Invocation, timeout: float) -> dict[str, Any]:
        stream = response_stream.current.get()
        kill_after = chaos.death_of(self.func_name)
        until = cloud_time.now() + (timeout if kill_after is None else kill_after)
        request_id = invocation.request_id
        try:
            answer = _taken(invocation, until, stream)
            if kill_after is None:
                if stream:
                    stream.put(Ended(answer.get("error")))
                # It asks for the next event when it has printed what it had to say.
                next_of(self._api.starts, max(0.0, until - cloud_time.now()))
                return answer
        except queue.Empty:
            if kill_after is None:
                self._end()
                message = f"Task timed out after {timeout:.2f} seconds"
                return _cut(stream, error_of("Sandbox.Timedout", request_id, message))
        code = self._end()
        cause = f"exit status {code}" if code >= 0 else "signal: killed"
        message = f"Runtime exited with error: {cause}"
        return _cut(stream, error_of("Runtime.ExitError", request_id, message))

    def _start(self) -> dict[str, Any] | None:
        code, layers = packages.unpack(self.code_zip), self._layers()
        self._api = RuntimeApi()
        (log, self._log_file), (said, self._calls_file) = _file(), _file()
        environment = self._environment(code)
        wrapper = environment[_WRAPPER].replace(_TASK_ROOT, f"{code}/", 1)
        self._proc = process = subprocess.Popen(
            # The last argument is Lambda's own loop, in whose place the wrapper puts another.
            [wrapper, sys.executable, "-I", "-S", str(_BOOTSTRAP), "/var/runtime/bootstrap.py"],
            cwd=code,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=log,
            env={
                **environment,
                "AWS_LAMBDA_RUNTIME_API": self._api.address,
                "LOCAL_CLOUD_TIME": str(cloud_time.followed() or ""),
                "PYTHONPATH": ":".join(packages.search_path(code, layers)),
            },
        )
        log.close()
        said.close()
        threading.Thread(target=_watch, args=(process, self._api), daemon=True).start()
        try:
            with waits.watching(process.pid):
                failure = next_of(self._api.starts, INIT_SECONDS)
        except queue.Empty:
            message = f"Init timed out after {INIT_SECONDS:.2f} s"
            failure = error_of("Sandbox.Timedout", "", message)["error"]
        if failure is not None:
            self._end()
        return failure

    def _end(self) -> int:
        code = super()._end()
        self._api.close()
        return code

    @staticmethod
    def _read(file: TextIO) -> str:
        """Return what was written since the last look."""
        return file.read().rstrip("\n")


def _file() -> tuple[BinaryIO, TextIO]:
    """Return a file without a name, to write at its end and to read from its beginning."""
    descriptor, path = tempfile.mkstemp()
    reader = os.fdopen(os.open(path, os.O_RDONLY), encoding="utf-8", errors="replace")
    Path(path).unlink()
    return os.fdopen(descriptor, "wb", buffering=0), reader


def _taken(invocation: Invocation, until: float, stream: ResponseStream | None) -> dict[str, Any]:
    """Hand the response on; return it, or the error without one. Raise ``queue.Empty`` at last."""
    begun = invocation.prelude(until - cloud_time.now())
    if isinstance(begun, Ended):
        return {"error": begun.error}
    head, first = begun
    body = bytearray(first)
    if stream:
        stream.put(head)
        stream.put(first)
    for part in invocation.parts(until - cloud_time.now()):
        if isinstance(part, Ended):
            if part.error:
                return {"error": part.error}
            break
        body += part
        if stream:
            stream.put(part)
    return {"result": {**head, "body": body.decode("utf-8", "replace")}}


def _cut(stream: ResponseStream | None, error: dict[str, Any]) -> dict[str, Any]:
    if stream:
        stream.put(Ended(error["error"]))
    return error


def _watch(process: subprocess.Popen[bytes], api: RuntimeApi) -> None:
    """Tell of a process that has died, to whoever waits for it."""
    code = process.wait()
    cause = f"exit status {code}" if code >= 0 else "signal: killed"
    error = error_of("Runtime.ExitError", "", f"Runtime exited with error: {cause}")["error"]
    api.starts.put(error)
    api.lose(error)
