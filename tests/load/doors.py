"""The ways in: each sends one prompt and returns when its answer is there.

A door is made once a measurement and then called by many threads. What it needs of its own
(a key, a client) it makes once; it raises where an answer is missing.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping

import requests

from local import cloud_time
from local.client import wait_for_execution
from local.deployment import Deployment
from tests.load import bulk
from tests.local_cloud.door import door_of

Ask = Callable[[str], None]

_HAIKU = "us.anthropic.claude-haiku-5-5"
_WAIT = 90
_LOOK_AGAIN_SECONDS = 0.1


def simulator(deployment: Deployment) -> Ask:
    """Call the simulated model itself: what all doors are compared with."""
    url = f"{deployment.cloud.simulator_url}/model/{_HAIKU}/converse"
    # The simulator believes any signature; without one it is no call of Bedrock.
    signed = {"authorization": "AWS4-HMAC-SHA256 Credential=test/20261124/us-east-1/bedrock/x"}
    sessions = _Sessions()

    def ask(prompt: str) -> None:
        body = {"messages": [{"role": "user", "content": [{"text": prompt}]}]}
        answer = sessions.own().post(url, json=body, headers=signed, timeout=_WAIT)
        answer.raise_for_status()
        assert answer.json()["output"]["message"]["content"]

    return ask


def execution(deployment: Deployment) -> Ask:
    """Start an execution and ask for its end, as an application with AWS credentials does."""
    client = deployment.client("stepfunctions")
    arn = deployment.state_machine_arn

    def ask(prompt: str) -> None:
        request = json.dumps({"input": prompt, "tier": "SIMPLE"})
        started = client.start_execution(stateMachineArn=arn, input=request)
        ended = wait_for_execution(deployment, started["executionArn"], _WAIT)
        assert ended["status"] == "SUCCEEDED", ended

    return ask


def api(deployment: Deployment) -> Ask:
    """``POST /v1/prompts``, which waits."""
    door, sessions = door_of(deployment, "load"), _Sessions()
    headers = {"authorization": f"Bearer {door.key}"}

    def ask(prompt: str) -> None:
        body = {"input": prompt, "tier": "SIMPLE"}
        answer = sessions.own().post(
            f"{door.url}/prompts", json=body, headers=headers, timeout=_WAIT
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["output"]

    return ask


def api_async(deployment: Deployment) -> Ask:
    """``POST /v1/prompts?mode=async``, then ``GET`` until it is answered."""
    door, sessions = door_of(deployment, "load"), _Sessions()
    headers = {"authorization": f"Bearer {door.key}"}

    def ask(prompt: str) -> None:
        session, body = sessions.own(), {"input": prompt, "tier": "SIMPLE"}
        taken = session.post(
            f"{door.url}/prompts?mode=async", json=body, headers=headers, timeout=_WAIT
        )
        assert taken.status_code == 202, taken.text
        where = f"{door.url}/prompts/{taken.json()['request_id']}"
        deadline = cloud_time.now() + _WAIT
        while "output" not in (seen := session.get(where, headers=headers, timeout=_WAIT).json()):
            assert cloud_time.now() < deadline, seen
            time.sleep(_LOOK_AGAIN_SECONDS)

    return ask


class _Sessions:
    """A connection a thread, kept open between its calls."""

    def __init__(self) -> None:
        self._local = threading.local()

    def own(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            self._local.session.trust_env = False  # no proxy stands between us and loopback
        session: requests.Session = self._local.session
        return session


DOORS: Mapping[str, Callable[[Deployment], Ask]] = {
    "simulator": simulator,
    "start-execution": execution,
    "api": api,
    "api-async": api_async,
    "queue": bulk.queue,
}
