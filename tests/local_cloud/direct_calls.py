"""Chat completions that the tests of faults send, and what they leave."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import requests

from local import client
from local.deployment import Deployment
from tests.local_cloud.door import Door
from tests.local_cloud.fault_table import Tell, Told

SAME = "the same rows and costs"


def chat(door: Door, prompt: str, key: str | None = None, **asked: Any) -> requests.Response:
    body = {"model": "SIMPLE", "messages": [{"role": "user", "content": prompt}], **asked}
    return door.call(
        "POST", "/chat/completions", body, headers={"idempotency-key": key or uuid4().hex}
    )


def error_of(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["type"]


def direct(tell: Tell, fault: str, found: str = SAME) -> Told:
    told = tell(fault, "", "")
    told.direct = found
    return told


def settled(deployment: Deployment, key: str, tenant: str) -> client.Traced:
    [traced] = client.wait_until_settled(deployment, [key], 60, tenant)
    assert traced.settled
    return traced
