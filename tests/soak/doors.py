"""The ways in that a soak mixes: each sends one request and knows how it ended for its caller."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from cost_calculator.row_keys import DEFAULT_TENANT
from local import client
from local.deployment import Deployment
from router.executions.names import execution_name
from tests.local_cloud.door import Door, door_of
from tests.local_cloud.line import Line
from tests.soak.plan import LINES, Ask

_WAIT = 120
_AT_A_TIME = 8
_ENDS = {
    "chat": b"data: [DONE]",
    "messages": b"event: message_stop",
    "responses": b"event: response.completed",
}
_PATHS = {"chat": "/chat/completions", "messages": "/messages", "responses": "/responses"}


@dataclass(frozen=True, slots=True)
class Sent:
    """A request under way; ``arn`` is its execution, where it has one of its own.

    ``wait`` returns when it is over, ``end`` how: SUCCEEDED if its caller has an answer.
    """

    wait: Callable[[], Any]
    end: Callable[[], str]
    arn: str | None = None


@dataclass(slots=True)
class Doors:
    """All ways into one deployment, for its default tenant."""

    deployment: Deployment
    door: Door
    line: Line
    pool: ThreadPoolExecutor
    waiting: list[Ask] = field(default_factory=list)

    @classmethod
    def of(cls, deployment: Deployment) -> Doors:
        """Return the doors of a deployment, with a key for its API."""
        door, line = door_of(deployment, DEFAULT_TENANT), Line(deployment, DEFAULT_TENANT)
        return cls(deployment, door, line, ThreadPoolExecutor(_AT_A_TIME))

    def send(self, ask: Ask) -> Mapping[str, Sent]:
        """Send a request, or hold it back for a file; return what is under way now, by its id."""
        match ask.door:
            case "batch":
                self.waiting.append(ask)
                return self._file() if len(self.waiting) == LINES else {}
            case "execution":
                [arn] = client.start(self.deployment, [ask.request])
                return {ask.request_id: self.execution(arn)}
            case "prompts":
                self.door.call("POST", "/prompts?mode=async", ask.request)
            case "websocket":
                return {ask.request_id: self._listened(ask)}
            case "queue":
                url = self.deployment.outputs["queue"]["url"]
                body = json.dumps(ask.request)
                self.deployment.client("sqs").send_message(QueueUrl=url, MessageBody=body)
            case _:
                answer = self.pool.submit(self._streamed, ask)
                return {ask.request_id: Sent(answer.exception, _ended(answer))}
        return {ask.request_id: self.execution(self._arn_of(ask))}

    def close(self) -> Mapping[str, Sent]:
        """Send what is held back."""
        return self._file() if self.waiting else {}

    def _file(self) -> Mapping[str, Sent]:
        asks, self.waiting = self.waiting, []
        where = self.deployment.outputs["batch"]
        batch_id = asks[0].file
        key = f"batches/{batch_id}/input.jsonl"
        lines = "\n".join(json.dumps(ask.request) for ask in asks)
        self.deployment.client("s3").put_object(Bucket=where["bucket"], Key=key, Body=lines)
        self.deployment.client("stepfunctions").start_execution(
            stateMachineArn=where["state_machine_arn"],
            name=batch_id,
            input=json.dumps({"batch_id": batch_id, "key": key}),
        )
        return {ask.request_id: self.execution(self._arn_of(ask)) for ask in asks}

    def _listened(self, ask: Ask) -> Sent:
        """Ask by a socket; half of the callers stay, half have gone before their answer comes."""
        connection = self.line.open()
        connection.send({"action": "ask", "request": ask.request})
        connection.receive()
        if ask.after_ms % 2:
            connection.close()
        run = self.execution(self._arn_of(ask))

        def wait() -> None:
            run.wait()
            connection.close()

        return Sent(wait, run.end, run.arn)

    def _streamed(self, ask: Ask) -> str:
        headers = {"idempotency-key": ask.request_id}
        turns = [{"role": "user", "content": ask.prompt}]
        asked = {"input": ask.prompt} if ask.door == "responses" else {"messages": turns}
        most = {"max_tokens": 2_000} if ask.door == "messages" else {}
        body = {"model": ask.tier or "auto", "stream": True, **asked, **most}
        answer = self.door.call("POST", _PATHS[ask.door], body, headers=headers)
        return "SUCCEEDED" if _ENDS[ask.door] in answer.content else "FAILED"

    def _arn_of(self, ask: Ask) -> str:
        executions = self.deployment.state_machine_arn.replace(":stateMachine:", ":execution:")
        return f"{executions}:{execution_name(DEFAULT_TENANT, ask.request_id)}"

    def execution(self, arn: str) -> Sent:
        """Return an execution as a request under way."""

        def status() -> str:
            aws = self.deployment.client("stepfunctions")
            try:
                return str(aws.describe_execution(executionArn=arn)["status"])
            except ClientError:  # a message of the queue has not been taken yet
                return ""

        def wait() -> None:
            client.eventually(lambda: status() not in ("", "RUNNING"), _WAIT)

        return Sent(wait, status, arn)


def _ended(answer: Future[str]) -> Callable[[], str]:
    return lambda: answer.result() if answer.exception() is None else "FAILED"
