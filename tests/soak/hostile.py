"""What an attacker does beside a soak: bodies that are no requests, and another tenant's ids.

Each act says what is wrong if it got further than it may. What it starts and pays for itself is
handed back, so that the audit counts its calls as well.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import requests
from botocore.exceptions import ClientError

from cost_calculator.aws.error_codes import code_of
from cost_calculator.row_keys import key_of
from local.deployment import Deployment
from router.executions.names import execution_name
from tests.local_cloud.door import Door, door_of

TENANT = "mallory"
_TRIES = 4
_DEEP = "[" * 3000 + "]" * 3000
# Texts of JSON that no request is; each is refused, and costs its own run alone.
_BODIES = (
    "null", "7", '"text"', "[]", "{}", "[[]]", '{"input": null}', '{"input": {"a": [1, null]}}',
    '{"input": "x", "tenant": ["acme"]}', '{"input": "x", "tenant": "a/b"}',
    '{"input": "x", "request_id": "../../default"}', '{"input": "x", "request_id": 7}',
    '{"input": "x", "tier": "FREE"}', '{"input": "x", "rerun": {"number": -1}}',
    '{"input": "x", "max_tokens": 1e400}', '{"input": "x", "max_tokens": -5}',
    '{"input": "x", "metadata": {"a": "\\ud800"}}', '{"messages": [null]}',
    '{"messages": [{"role": "root", "content": [{"type": "video"}]}]}',
    '{"input": "x", "response_schema": {"$ref": "https://example.com/a.json"}}',
    '{"payload_s3": "s3://another-bucket/secret", "payload_hash": "00"}',
    f'{{"input": "x", "metadata": {{"a": {_DEEP}}}}}',
)  # fmt: skip


@dataclass
class Attacker:
    """One tenant with a key of its own, its dice, and what it started: key and execution."""

    deployment: Deployment
    door: Door
    draw: random.Random
    say: Callable[[str], None]

    def act(self, others_id: str) -> Iterator[tuple[str, str]]:
        """Do one thing to the deployment; yield the key and the ARN of each run that is paid."""
        acts = (self._start_nonsense, self._post_nonsense, self._send_nonsense)
        if self.draw.random() < 0.5:
            self.draw.choice(acts)()
        else:
            yield from self._use(others_id)

    def _start_nonsense(self) -> None:
        steps = self.deployment.client("stepfunctions")
        body = self.draw.choice(_BODIES)
        try:
            steps.start_execution(stateMachineArn=self.deployment.state_machine_arn, input=body)
        except ClientError as error:  # Step Functions takes no such JSON itself
            if code_of(error) != "InvalidExecutionInput":
                self.say(f"StartExecution with nonsense: {code_of(error)}")

    def _post_nonsense(self) -> None:
        path = self.draw.choice(("/prompts", "/chat/completions", "/messages", "/responses"))
        body = self.draw.choice(_BODIES)
        answer = "nothing"
        for _ in range(_TRIES):  # a death that was ordered for another's call may hit this one
            with suppress(requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                answered = self.door.call("POST", path, data=body)
                if 400 <= answered.status_code < 500:
                    return
                answer = f"{answered.status_code} {answered.text[:200]}"
        self.say(f"POST {path} with nonsense: {answer}")

    def _send_nonsense(self) -> None:
        forged = {"faregate.watches": "9", "runs_as": "default", "request_id": "soak"}
        self.deployment.client("sqs").send_message(
            QueueUrl=self.deployment.outputs["queue"]["url"],
            MessageBody=self.draw.choice(_BODIES),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": text} for name, text in forged.items()
            },
        )

    def _use(self, others_id: str) -> Iterator[tuple[str, str]]:
        """Ask for another tenant's request, judge it, and ask something else under its id."""
        self._unknown("GET", f"/prompts/{others_id}")
        self._unknown("POST", f"/prompts/{others_id}/feedback", {"feedback": "bad"})
        body = {"input": f"[{TENANT} {others_id}] What is 2 + 2?", "request_id": others_id}
        answer = self.door.call("POST", "/prompts?mode=async", {**body, "tier": "SIMPLE"})
        if answer.status_code != 202:
            self.say(f"{TENANT} may not use an id of its own: {answer.status_code} {answer.text}")
            return
        executions = self.deployment.state_machine_arn.replace(":stateMachine:", ":execution:")
        yield key_of(TENANT, others_id), f"{executions}:{execution_name(TENANT, others_id)}"

    def _unknown(self, method: str, path: str, body: Any = None) -> None:
        answer = self.door.call(method, path, body)
        if answer.status_code != 404:
            self.say(f"{method} {path} of another tenant: {answer.status_code}")


def attacker(deployment: Deployment, seed: int, say: Callable[[str], None]) -> Attacker:
    """Return one with a new key; ``say`` is given each thing that is wrong."""
    return Attacker(deployment, door_of(deployment, TENANT), random.Random(seed), say)


def queued(deployment: Deployment) -> int:
    """Return how many messages wait in the queue, or are looked at."""
    found = deployment.client("sqs").get_queue_attributes(
        QueueUrl=deployment.outputs["queue"]["url"],
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    return sum(int(count) for count in found.values())
