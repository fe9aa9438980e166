"""The function behind the HTTP API, as Lambda runs it: by its Runtime API, a process a stream.

Its tables, its bucket and its parameter are real, on the local cloud's emulator. What a call to it
takes is noted apart: on AWS it takes what DynamoDB takes there.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TextIO

import boto3

from eval.streaming.http_side import MODEL, START_SECONDS, begins
from eval.streaming.side import Answered
from local import cloud
from local.deployment import API_KEY, API_KEY_PARAMETER
from local.emulator.runtime_api import Ended, RuntimeApi
from local.locking import alone
from tests.support.tables import CONTROL, SPEND, USAGE, create_tables
from tools.package import BUILD, function_zip, layer_zip

ANSWERS = "answers"
_WORKER = Path(__file__).with_name("worker.py")
_ANSWER_SECONDS = 900.0
_TIER = {"provider": "openai", "model": MODEL, "max_tokens": 4096, "fallbacks": []}
_CONFIG = {
    "tiers": dict.fromkeys(("SIMPLE", "CALCULATION", "COMPLEX"), _TIER),
    "routing": {"raise_above": 0.9, "lower_below": 0.05},
    "limits": {"input_bytes": 131072},
    "store_text": True,
    "text_ttl_days": 30,
    "workflow_type": "STANDARD",
    "workflow_seconds": 900,
}
# As the module sets it; see docs/architecture.md.
_SETTINGS = {
    "FAREGATE_CONFIG": json.dumps(_CONFIG),
    "USAGE_TABLE": USAGE,
    "SPEND_TABLE": SPEND,
    "CONTROL_TABLE": CONTROL,
    "ANSWERS_BUCKET": ANSWERS,
    "OPENAI_API_KEY_PARAMETER": API_KEY_PARAMETER,
    "MODEL_TIMEOUT_SECONDS": "600",
    "PAYLOAD_BYTES_LIMIT": "6000000",
    "API_CALLERS": '{"auth": "AUTHORIZER", "tenants": {}}',
    "FAILURE_TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:failures",
    "POWERTOOLS_SERVICE_NAME": "converse",
    "POWERTOOLS_METRICS_NAMESPACE": "Faregate",
    "LOG_LEVEL": "INFO",
    "AWS_LAMBDA_FUNCTION_NAME": "faregate-converse",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "_HANDLER": "router.handlers.converse.handler",
}


class FunctionSide:
    """The function; a caller's events go to a process of its own, as Lambda's concurrency does."""

    name = "the function"

    def __init__(self, workers: Sequence[Worker]) -> None:
        self._workers = workers

    def ask(self, caller: int, prompt: str) -> Answered:
        """Send the event that API Gateway would send, and read the answer to its end."""
        return self._workers[caller].ask(prompt)

    def pids(self) -> Sequence[int]:
        """Return the processes of the function."""
        return [worker.pid for worker in self._workers]


class Worker:
    """One execution environment: a process and its Runtime API."""

    _numbers = itertools.count(1)

    def __init__(self, code: Path, env: Mapping[str, str], waits: TextIO, log: Path) -> None:
        self._api = RuntimeApi()
        self._waits = waits
        with Path(waits.name).open("ab", buffering=0) as said, log.open("ab") as errors:
            self._process = subprocess.Popen(
                [code / "router/lambda_stream/start.sh", sys.executable, "-S", _WORKER, "-"],
                cwd=code,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=errors,
                env={**env, "AWS_LAMBDA_RUNTIME_API": self._api.address},
            )
        self.pid = self._process.pid

    def wait_until_ready(self) -> None:
        """Wait for the end of its cold start."""
        if error := self._api.starts.get(timeout=START_SECONDS):
            raise RuntimeError(f"the function does not start: {error}")

    def ask(self, prompt: str) -> Answered:
        """Serve one event."""
        name = f"bench-{next(self._numbers)}"
        began = time.monotonic()
        invocation = self._api.put(
            event_of(prompt, name),
            name,
            seconds=_ANSWER_SECONDS,
            Lambda_Runtime_Invoked_Function_Arn="arn:aws:lambda:us-east-1:0:function:converse",
        )
        begun = invocation.prelude(_ANSWER_SECONDS)
        if isinstance(begun, Ended):
            raise RuntimeError(f"the function failed: {begun.error}")
        head, heard = begun
        first = time.monotonic() if begins(heard) else None
        for part in invocation.parts(_ANSWER_SECONDS):
            if isinstance(part, Ended):
                break
            heard += part
            if first is None and begins(heard):
                first = time.monotonic()
        self.wait_until_ready()  # it asks for the next event: everything of this one is done
        if head["statusCode"] != 200 or first is None or b"data: [DONE]" not in heard:
            raise RuntimeError(f"the function broke off: {head} {heard[-300:]!r}")
        waits = [json.loads(line) for line in self._waits.read().splitlines()]
        return Answered(first - began, sum(w["waited"] for w in waits if w["began"] < first))

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self._api.close()


def event_of(prompt: str, name: str) -> dict[str, Any]:
    """Return a request as API Gateway hands it on, behind its authorizer."""
    body = {"model": "auto", "stream": True, "messages": [{"role": "user", "content": prompt}]}
    return {
        "resource": "/chat/completions",
        "path": "/chat/completions",
        "httpMethod": "POST",
        "headers": {"content-type": "application/json"},
        "body": json.dumps(body),
        "isBase64Encoded": False,
        "requestContext": {
            "requestId": name,
            "path": "/v1/chat/completions",
            "resourcePath": "/chat/completions",
            "authorizer": {"tenant": "acme"},
        },
    }


@contextmanager
def function(
    running: cloud.Cloud, model_port: int, folder: Path, workers: int
) -> Iterator[FunctionSide]:
    """Make what the function needs on the emulator, and start so many processes of it."""
    _furnish(running)
    code, layer = folder / "code", folder / "layer"
    with alone(BUILD / "package.lock"):
        for archive, target in ((function_zip(), code), (layer_zip("host"), layer)):
            with zipfile.ZipFile(archive) as packed:
                packed.extractall(target)
    start = code / "router/lambda_stream/start.sh"
    start.chmod(0o755)
    # Lambda's runtime brings boto3 along; the layer goes before this environment's packages.
    site = next(path for path in sys.path if path.endswith("site-packages"))
    env = {
        **running.env(),
        **_SETTINGS,
        "PATH": os.environ["PATH"],
        "LAMBDA_TASK_ROOT": str(code),
        "PYTHONPATH": f"{layer / 'python'}:{site}",
        "OPENAI_BASE_URL": f"http://127.0.0.1:{model_port}/v1",
    }
    with ExitStack() as stack:
        made = []
        for number in range(workers):
            path = folder / f"waits-{number}"
            path.touch()
            waits = stack.enter_context(path.open(encoding="utf-8"))
            worker = Worker(code, env, waits, folder / "function.log")
            stack.callback(worker.end)
            made.append(worker)
        for worker in made:
            worker.wait_until_ready()
        yield FunctionSide(made)


def _furnish(running: cloud.Cloud) -> None:
    def client(service: str) -> Any:
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=running.emulator_url,
            region_name=cloud.REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    create_tables(client("dynamodb"))
    client("s3").create_bucket(Bucket=ANSWERS)
    client("ssm").put_parameter(
        Name=API_KEY_PARAMETER, Type="SecureString", Value=API_KEY, Overwrite=True
    )
