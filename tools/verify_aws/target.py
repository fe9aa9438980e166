"""A deployment as the checks see it: its outputs and its services, wherever it is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from local import client
from local.client import Traced

ROOT = Path(__file__).resolve().parents[2]
# The slowest of all: CloudWatch shows a new metric within minutes.
_PATIENCE_SECONDS = 600.0


class CheckFailed(AssertionError):
    """What AWS did is not what the code expects."""


def expect(condition: object, otherwise: str) -> None:
    """Raise ``CheckFailed`` unless the condition holds."""
    if not condition:
        raise CheckFailed(otherwise)


@dataclass(frozen=True)
class Target:
    """A deployed module: the outputs of its root, clients of its account, addresses of its APIs.

    ``environment`` is what a process needs to reach the same account, and ``patience`` the seconds
    after which what has not happened will not happen.
    """

    outputs: Mapping[str, Any]
    client: Callable[[str], Any]
    api_url: str
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    patience: float = _PATIENCE_SECONDS
    websocket_url: str = ""

    @property
    def state_machine_arn(self) -> str:
        return str(self.outputs["state_machine"]["arn"])

    @property
    def usage_table(self) -> str:
        return str(self.outputs["tables"]["usage"]["name"])

    @property
    def name(self) -> str:
        return self.state_machine_arn.rsplit(":", 1)[1]

    def function(self, name: str) -> str:
        """Return the deployed name of ``invoke_model`` and its like."""
        return str(self.outputs["functions"][name]["name"])

    def item(self, key: str) -> dict[str, Any]:
        """Return an item of ``control``, as DynamoDB has it; empty if there is none."""
        table = self.outputs["tables"]["control"]["name"]
        answer = self.client("dynamodb").get_item(
            TableName=table, Key={"key": {"S": key}}, ConsistentRead=True
        )
        found: dict[str, Any] = answer.get("Item", {})
        return found

    def faregate(self, *words: str) -> str:
        """Run a command of Faregate on the deployment, as its operator; return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "router", *words, "--name", self.name],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        expect(done.returncode == 0, f"faregate {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def post(self, path: str, key: str, body: Mapping[str, Any]) -> requests.Response:
        """Call the HTTP API; the answer is read as it comes."""
        with requests.Session() as session:
            # A proxy of the user's must not come between us and loopback.
            session.trust_env = not self.api_url.startswith("http://127.0.0.1")
            bearer = {"authorization": f"Bearer {key}"}
            return session.post(
                self.api_url + path, json=body, headers=bearer, stream=True, timeout=120
            )

    @contextmanager
    def no_workers(self, function: str) -> Iterator[Callable[[], None]]:
        """Let AWS refuse every start of a function until the caller, or the end, allows them."""
        aws, name = self.client("lambda"), self.function(function)
        allowed = False

        def allow() -> None:
            nonlocal allowed
            if not allowed:
                allowed = True
                aws.delete_function_concurrency(FunctionName=name)

        aws.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
        try:
            yield allow
        finally:
            allow()

    def states(self, execution_arn: str) -> list[str]:
        """Return the states that a run has entered so far, in order."""
        pages = (
            self.client("stepfunctions")
            .get_paginator("get_execution_history")
            .paginate(executionArn=execution_arn)
        )
        return [
            str(event["stateEnteredEventDetails"]["name"])
            for page in pages
            for event in page["events"]
            if "stateEnteredEventDetails" in event
        ]

    def wait(self, condition: Callable[[], bool], otherwise: str) -> None:
        """Wait until a condition holds; raise ``CheckFailed`` if it does not in time."""
        expect(client.eventually(condition, self.patience), otherwise)

    def ask(self, *requests: Mapping[str, Any]) -> list[Traced]:
        """Run requests to their end and return their rows, priced."""
        arns = client.start(self, requests)
        runs = [client.wait_for_execution(self, arn, self.patience) for arn in arns]
        traces = []
        for request, run in zip(requests, runs, strict=True):
            expect(run["status"] == "SUCCEEDED", f"{run['name']}: {run.get('error')}")
            tenant = str(request.get("tenant", "default"))
            traces += client.wait_until_settled(self, [run["name"]], self.patience, tenant)
        return traces
