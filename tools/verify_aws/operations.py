"""Checks of what surrounds a run: prices, budgets, metrics, alarms, keys, the HTTP API."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal

from cost_calculator.clock import now
from local import client
from tools.verify_aws.frames import frames_of
from tools.verify_aws.runs import SHORT
from tools.verify_aws.target import Target, expect

_AT_ONCE = 20
_LIMIT = Decimal("0.02")


def the_stream_prices_rows(target: Target) -> str:
    """A row must be priced by the stream, not by the sweep ten minutes later."""
    [traced] = target.ask({"input": SHORT, "tier": "SIMPLE", "max_tokens": 200})
    aws = target.client("lambda")
    mapping = aws.get_event_source_mapping(UUID=target.outputs["event_source_mapping_id"])
    expect(mapping["State"] == "Enabled", f"the mapping is {mapping['State']}")
    expect(traced.overhead_usd is not None, "the request has no cost of its own")
    return f"own cost ${traced.overhead_usd:f}"


def a_budget_holds_under_contention(target: Target) -> str:
    """Many requests of one owner at once: its limit holds, and nobody fails but by the limit."""
    tenant = f"verify-{uuid.uuid4().hex[:8]}"
    target.faregate("budget", "set", "--tenant", tenant, "--day", f"{_LIMIT:f}")
    question = {"input": SHORT, "tier": "SIMPLE", "max_tokens": 200, "tenant": tenant}
    arns = client.start(target, [question] * _AT_ONCE)
    runs = [client.wait_for_execution(target, arn, target.patience) for arn in arns]
    errors = {str(run.get("error")) for run in runs if run["status"] != "SUCCEEDED"}
    answered = sum(run["status"] == "SUCCEEDED" for run in runs)
    expect(errors <= {"BudgetExceeded"}, f"runs ended by {', '.join(sorted(errors))}")
    expect(answered > 0, "nobody was answered")
    day = now().date().isoformat()
    spent = Decimal(target.item(f"budget#{tenant}#{day}")["committed_usd"]["N"])
    expect(spent <= _LIMIT, f"{spent} of {_LIMIT} are committed")
    return f"{answered} of {_AT_ONCE} answered, ${spent:f} of ${_LIMIT:f} committed"


def metrics_pass_the_log_level(target: Target) -> str:
    """The functions' own metrics must reach CloudWatch, whatever ``functions.log_level`` is."""
    target.ask({"input": SHORT, "tier": "SIMPLE", "max_tokens": 200})
    logs, cloudwatch = target.client("logs"), target.client("cloudwatch")
    group = target.outputs["functions"]["price_rows"]["log_group"]

    def printed() -> bool:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        return any('"_aws"' in event["message"] for page in pages for event in page["events"])

    def names() -> set[str]:
        # Every deployment of an account has the same namespace: the log shows whose they are.
        found = cloudwatch.list_metrics(Namespace="Faregate")["Metrics"]
        return {str(metric["MetricName"]) for metric in found}

    target.wait(printed, f"{group} has no line of metrics")
    target.wait(lambda: bool(names()), "no metric arrived")
    return f"{len(names())} metrics"


def alarms_reach_the_composite(target: Target) -> str:
    """An alarm that is set off must be in the composite alarm, of at most 100 children."""
    aws = target.client("cloudwatch")
    arns = [str(arn) for arn in target.outputs["alarms"]["each"].values()]
    name = arns[0].rsplit(":", 1)[1]
    kinds = ["MetricAlarm", "CompositeAlarm"]

    def state() -> str:
        found = aws.describe_alarms(AlarmNames=[target.name], AlarmTypes=kinds)
        return str(found["CompositeAlarms"][0]["StateValue"])

    aws.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="verify-aws")
    try:
        target.wait(lambda: state() == "ALARM", f"{name} is on, the composite alarm is not")
    finally:
        aws.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="verify-aws")
    return f"{len(arns)} alarms"


def a_new_key_reaches_the_connection(target: Target) -> str:
    """A new version of the key's parameter must reach the EventBridge connection by its event."""
    ssm, events = target.client("ssm"), target.client("events")
    parameter = target.outputs["openai"]["api_key_parameter"]
    connection = target.outputs["openai"]["connection_arn"].split("/")[1]

    def version() -> str:
        return str(events.describe_connection(Name=connection)["LastModifiedTime"])

    before = version()
    key = ssm.get_parameter(Name=parameter, WithDecryption=True)["Parameter"]["Value"]
    ssm.put_parameter(Name=parameter, Value=key, Type="SecureString", Overwrite=True)
    target.wait(lambda: version() != before, "the connection was not updated")
    target.ask({"input": SHORT, "tier": "CALCULATION", "max_tokens": 200})
    return "updated, and the next HTTP Task was let in"


def the_api_streams(target: Target) -> str:
    """A streamed completion must come in pieces through API Gateway, and end as OpenAI's do."""
    key = target.faregate("keys", "create", "--tenant", "verify")
    question = "Describe the course of the Rhine in five sentences."
    body = {"model": "auto", "stream": True, "messages": [{"role": "user", "content": question}]}
    response = target.post("/chat/completions", key, body)
    expect(response.status_code == 200, f"status {response.status_code}: {response.text[:200]}")
    kind = response.headers.get("content-type", "")
    expect(kind.startswith("text/event-stream"), f"content-type {kind}")
    lines = [line.decode() for line in response.iter_lines() if line.startswith(b"data: ")]
    expect(lines and lines[-1] == "data: [DONE]", "the stream does not end with [DONE]")
    pieces = [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]
    texts = [piece for piece in pieces if piece["choices"] and piece["choices"][0]["delta"]]
    expect(len(texts) > 2, f"the answer came in {len(texts)} pieces")
    return f"{len(texts)} pieces"


def the_websocket_pushes(target: Target) -> str:
    """An answer must come over a WebSocket in parts while it is written, its cost last."""
    key = target.faregate("keys", "create", "--tenant", "verify")
    question = "Describe the course of the Rhine in five sentences."
    request = {"input": question, "tier": "COMPLEX"}
    frames = list(frames_of(target.websocket_url, key, request))
    last = frames[-1]
    expect(last["type"] == "done", f"it ended by {last}")
    parts = sum(frame["type"] == "delta" for frame in frames)
    expect(parts > 1, f"the answer came in {parts} parts")
    return f"{parts} parts, ${last['cost_usd']}"
