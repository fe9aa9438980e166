"""One Lambda execution environment: a process that runs `bootstrap.py` and dies like AWS's."""

import json
import os
import queue
import re
import subprocess
import sys
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local import cloud_time
from local.emulator import calls, chaos, packages
from local.emulator.answers_in_time import next_of
from local.emulator.bootstrap import END_OF_LOG
from local.emulator.pacemaker import waits

_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
_RESERVED = lambda_runtime._RESERVED_RUNTIME_ENV_VARS
INIT_SECONDS = 30.0  # AWS allows ten; sixty imports at once on two cores need more
_LOG_SECONDS = 2.0


# What the names of AWS lead to, and no name server here does: an API's own address.
_API = re.compile(r"https://([a-z0-9]+)\.execute-api\.[a-z0-9.-]+/([^/]+)")


def _found(value: str) -> str:
    """Return a variable with an API's address as the emulator has it."""
    gateway = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}/_aws/execute-api"
    return _API.sub(rf"{gateway}/\1/\2", value) if _API.fullmatch(value) else value


class PythonWorker(lambda_runtime.Worker):  # type: ignore[misc]
    """A warm worker that outlives a handler's exception, and reports a time-out as one."""

    _proc: Any
    _answers: queue.Queue[dict[str, Any] | None]
    _log: queue.Queue[str | None]

    def invoke(
        self,
        event: Any,
        request_id: str,
        *,
        trace_id: str | None = None,
        depth: int | None = None,
        invoked_function_arn: str | None = None,
    ) -> dict[str, Any]:
        """Run one event: `{"result": ...}` or `{"error": AWS's error object}`, and the log."""
        with self._lock:
            if self._proc is None or self._proc.poll() is not None:
                failure = self._start()
                if failure:
                    return {"error": failure, "log": self._take_log()}
            message = {
                "event": event,
                "request_id": request_id,
                "function_arn": invoked_function_arn or self.config.get("FunctionArn", ""),
                "environment": {
                    "_X_AMZN_TRACE_ID": trace_id,
                    "_MINISTACK_INVOKE_DEPTH": None if depth is None else str(depth),
                },
            }
            answer = self._exchange(message, request_id)
            calls.note(self.func_name, answer.pop("calls", []))
            return {**answer, "log": self._take_log()}

    def _exchange(self, message: dict[str, Any], request_id: str) -> dict[str, Any]:
        timeout = float(self.config.get("Timeout", 3))
        kill_after = chaos.death_of(self.func_name)
        self._write(message)
        try:
            answer = self._answer(timeout if kill_after is None else kill_after)
        except queue.Empty:
            answer = None
            if kill_after is None:
                self._end()
                return error_of(
                    "Sandbox.Timedout", request_id, f"Task timed out after {timeout:.2f} seconds"
                )
        if kill_after is not None or answer is None:
            # Whatever the handler did, its answer never arrives: as when AWS loses the sandbox.
            code = self._end()
            cause = f"exit status {code}" if code >= 0 else "signal: killed"
            return error_of("Runtime.ExitError", request_id, f"Runtime exited with error: {cause}")
        return answer

    def _start(self) -> dict[str, Any] | None:
        """Start the process and import the handler; answer AWS's error object if that fails."""
        code, layers = packages.unpack(self.code_zip), self._layers()
        self._proc = subprocess.Popen(
            # -I and -S: neither this environment's packages nor the user's settings get in.
            [sys.executable, "-I", "-S", str(_BOOTSTRAP)],
            cwd=code,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=self._environment(code),
        )
        self._answers, self._log = queue.Queue(), queue.Queue()
        for reader, found in ((_read_answers, self._answers), (_read_log, self._log)):
            threading.Thread(target=reader, args=(self._proc, found), daemon=True).start()
        settings = {
            "path": packages.search_path(code, layers),
            "handler": self.config.get("Handler", ""),
            "function_name": self.config.get("FunctionName", ""),
            "version": self.config.get("Version", "$LATEST"),
            "memory": self.config.get("MemorySize", 128),
            "timeout": float(self.config.get("Timeout", 3)),
            "time": str(cloud_time.followed() or ""),
        }
        self._write(settings)
        try:
            answer = self._answer(INIT_SECONDS)
        except queue.Empty:
            answer = error_of("Sandbox.Timedout", "", f"Init timed out after {INIT_SECONDS:.2f} s")
        if answer is None:
            answer = error_of("Runtime.ExitError", "", "Runtime exited without providing a reason")
        if "error" in answer:
            self._end()
            return dict(answer["error"])
        return None

    def _layers(self) -> list[Path]:
        return [
            packages.unpack(archive)
            for archive in map(lambda_svc._resolve_layer_zip, self.config.get("Layers", []))
            if archive
        ]

    def _answer(self, seconds: float) -> dict[str, Any] | None:
        """The next answer, or None of a process that died; raises `queue.Empty` when time is up."""
        with waits.watching(self._proc.pid):
            return next_of(self._answers, seconds)

    def _write(self, message: dict[str, Any]) -> None:
        with suppress(BrokenPipeError):  # a process that died answers None
            self._proc.stdin.write(json.dumps(message) + "\n")
            self._proc.stdin.flush()

    def _environment(self, code: Path) -> dict[str, str]:
        """The variables AWS sets, then the function's own; nothing of this process's."""
        _, region = lambda_runtime._account_region_from_function_config(self.config)
        name = self.config.get("FunctionName", "")
        own = self.config.get("Environment", {}).get("Variables", {})
        logging = self.config.get("LoggingConfig") or {}
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "HOME": str(packages.root()),
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
            **{key: _found(value) for key, value in own.items() if key not in _RESERVED},
            **lambda_runtime.execution_credentials(self.config),
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{self.config.get('Runtime', '')}",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.config.get("MemorySize", 128)),
            "AWS_LAMBDA_FUNCTION_VERSION": self.config.get("Version", "$LATEST"),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": logging.get("LogGroup") or f"/aws/lambda/{name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": time.strftime("%Y/%m/%d/[$LATEST]") + uuid.uuid4().hex,
            "AWS_LAMBDA_LOG_FORMAT": logging.get("LogFormat", "Text"),
            **_log_level(logging),
            "LAMBDA_TASK_ROOT": str(code),
            "_HANDLER": self.config.get("Handler", ""),
        }

    def _take_log(self) -> str:
        lines: list[str] = []
        with suppress(queue.Empty):
            while (line := next_of(self._log, _LOG_SECONDS)) is not None:
                lines.append(line)
        return "\n".join(lines)

    def _end(self) -> int:
        process, self._proc = self._proc, None
        process.kill()
        return int(process.wait())


def _read_answers(
    process: subprocess.Popen[str], answers: queue.Queue[dict[str, Any] | None]
) -> None:
    for line in process.stdout or ():
        answers.put(json.loads(line))
    answers.put(None)


def _read_log(process: subprocess.Popen[str], log: queue.Queue[str | None]) -> None:
    for line in process.stderr or ():
        text = line.rstrip("\n")
        log.put(None if text == END_OF_LOG else text)
    log.put(None)


def _log_level(logging: dict[str, Any]) -> dict[str, str]:
    """Functions in the text format have no level."""
    if logging.get("LogFormat") != "JSON":
        return {}
    return {"AWS_LAMBDA_LOG_LEVEL": logging.get("ApplicationLogLevel") or "INFO"}


def error_of(kind: str, request_id: str, message: str) -> dict[str, Any]:
    """The error object of a sandbox that ended by itself: AWS names no stack for it."""
    return {
        "error": {"errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {message}"}
    }
