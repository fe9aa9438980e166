"""One query finds a request in the logs of all functions."""

from __future__ import annotations

import json
import time
from typing import Any

from local import client
from local.deployment import Deployment
from tests.local_cloud.cloud_control import fresh
from tests.local_cloud.simulator import Simulator

WHOSE = {"routed", "answered", "no answer", "attempt priced", "run ended", "row not priced"}
"""The messages that speak of one request."""


def lines(deployment: Deployment, since: int) -> list[dict[str, Any]]:
    aws = deployment.client("logs")
    found = []
    for function in deployment.outputs["functions"].values():
        pages = aws.get_paginator("filter_log_events").paginate(
            logGroupName=function["log_group"], startTime=since
        )
        texts = [event["message"] for page in pages for event in page["events"]]
        found += [json.loads(text) for text in texts if text.startswith('{"level"')]
    return found


def test_every_line_about_a_request_carries_its_id(
    deployment: Deployment, simulator: Simulator
) -> None:
    answered, refused, began = fresh("logged"), fresh("refused"), int(time.time() * 1000)
    simulator.script({"match": {"contains": "logged and refused"}, "count": None, "status": 403})
    requests = [
        {"input": "logged", "tier": "SIMPLE", "request_id": answered},
        {"input": "logged and refused", "tier": "SIMPLE", "request_id": refused},
    ]
    for arn in client.start(deployment, requests):
        client.wait_for_execution(deployment, arn, 60)
    client.wait_until_settled(deployment, [answered, refused], 60)

    found = lines(deployment, began)

    assert [
        line for line in found if line["message"] in WHOSE and "correlation_id" not in line
    ] == []
    by_id = {
        request: {line["message"] for line in found if line.get("correlation_id") == request}
        for request in (answered, refused)
    }
    assert by_id[answered] >= {"routed", "answered", "attempt priced"}
    assert by_id[refused] >= {"routed", "no answer", "attempt priced"}
