"""Checks of the workflow: its routes, its retries and fallbacks, its limits, its ends."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from local import client
from local.client import Traced
from local.simulator.scans import page
from router.conversation.media import media_of_bytes
from router.workflows.documents.page_requests import Sheet, request_of
from router.workflows.run import Run
from tools.verify_aws.target import Target, expect

SHORT = "Answer with one word: what is the capital of France?"
_BY_TIER = {
    "SIMPLE": ["InvokeHaiku"],
    "CALCULATION": ["InvokeOpenAI", "RecordAnswer"],
    "COMPLEX": ["InvokeSonnet"],
}
_STATE_BYTES = 262_144
_SHOWN = "7431"
# Retries wait for a random time: now and then they are over before what follows them is changed.
_TRIES = 5
_NO_WORKER = "Lambda.TooManyRequestsException"


def a_lambda_serves(tier: str, target: Target) -> str:
    """Ask a tier and look at the states, the rows and the price that it leaves."""
    [traced] = target.ask({"input": SHORT, "tier": tier, "max_tokens": 200})
    arn = str(traced.request["execution_arn"])
    wanted = ["AnalyzeComplexity", "RouteByComplexity", *_BY_TIER[tier]]
    entered = target.states(arn)
    expect(entered == wanted, f"entered {', '.join(entered)}")
    expect(traced.priced, f"attempts are {[row.get('cost_status') for row in traced.attempts]}")
    expect(traced.request["transitions"] == len(entered), "the row counts other transitions")
    return f"{traced.request['model']}, ${traced.cost_usd:f}"


def simple(target: Target) -> str:
    return a_lambda_serves("SIMPLE", target)


def calculation(target: Target) -> str:
    return a_lambda_serves("CALCULATION", target)


def complex_(target: Target) -> str:
    return a_lambda_serves("COMPLEX", target)


def retries_are_counted(target: Target) -> str:
    """Let the first starts of `invoke_model` be refused; its retries must be on the row."""
    with target.no_workers("invoke_model") as allow:
        arn = _start(target)
        target.wait(lambda: _failures(target, arn) >= 1, "no start was refused")
        allow()
        traced = _ended(target, arn)
    retries = [int(attempt["retries"]) for attempt in traced.attempts]
    expect(retries[0] >= 1, "State.RetryCount was 0 after a retry")
    transitions = len(target.states(arn)) + sum(retries)
    expect(traced.request["transitions"] == transitions, "the row counts other transitions")
    return f"{retries[0]} retries, {transitions} transitions"


def a_fallback_answers(target: Target) -> str:
    """Refuse all starts of the first model's call; the next model of the plan must answer."""
    for _ in range(_TRIES):
        with target.no_workers("invoke_model") as allow:
            arn = _start(target)
            planned = lambda arn=arn: "PlanNextStep" in target.states(arn)  # noqa: E731
            target.wait(planned, "the first model's retries never ended")
            allow()
            traced = _ended(target, arn)
        if traced.request["status"] == "SUCCEEDED":
            break
    first, *others = traced.attempts
    expect(first["outcome"] == "THROTTLED", f"the first attempt is {first['outcome']}")
    expect(first["cause"] == _NO_WORKER, f"Lambda's error is {first['cause']}")
    expect(int(first["retries"]) == 3, f"the first attempt has {first['retries']} retries")
    expect(others and others[-1]["outcome"] == "OK", "no other model answered")
    expect(first["model"] != others[-1]["model"], "the same model was asked again")
    return f"{first['model']}, then {others[-1]['model']}"


def arguments_hold_what_we_think(target: Target) -> str:
    """An input over 256 KiB is refused by AWS; one that doubles in JSON passes every state."""
    text = '"' * 60_000
    [traced] = target.ask({"input": f"Answer ok. {text}", "tier": "CALCULATION", "max_tokens": 16})
    expect(traced.attempts, "nobody was asked")
    padding = "x" * (_STATE_BYTES + 1 - len(json.dumps({"input": ""})))
    try:
        client.start(target, [{"input": padding}])
    except ClientError as error:
        return f"beyond 256 KiB: {error.response['Error']['Code']}"
    expect(False, "an input of 262,145 bytes was taken")
    return ""


def a_status_event_closes_a_run(target: Target) -> str:
    """Stop a run in the middle: `record_outcome` must close its request."""
    for _ in range(_TRIES):
        with target.no_workers("invoke_model"):
            arn = _start(target)
            asked = lambda arn=arn: "InvokeHaiku" in target.states(arn)  # noqa: E731
            target.wait(asked, "the run never asked a model")
            target.client("stepfunctions").stop_execution(executionArn=arn)
            traced = _ended(target, arn)
        if traced.request.get("cause") == "Aborted":
            break
    expect(traced.request["status"] == "FAILED", f"the request is {traced.request.get('status')}")
    expect(traced.request["cause"] == "Aborted", f"its cause is {traced.request['cause']}")
    return "closed as FAILED, cause Aborted"


def a_scanned_page_is_read(target: Target) -> str:
    """Show a page whose number is in no text, but in a picture."""

    def inline(sheet: Sheet) -> str:
        return media_of_bytes(sheet.body, "application/pdf", "page").data_url

    asked = request_of(Run("verify", "verify"), [Sheet(1, page(_SHOWN))], "SIMPLE", inline)
    about = ("system", "messages", "response_schema", "max_tokens", "tier")
    [arn] = client.start(target, [{name: asked[name] for name in about}])
    run = client.wait_for_execution(target, arn, target.patience)
    expect(run["status"] == "SUCCEEDED", f"the run is {run['status']}: {run.get('error')}")
    ended = json.loads(run["output"])
    expect(_SHOWN in ended["output"], f"{ended['model']} read {ended['output'][:100]!r}")
    return f"{ended['model']} read {_SHOWN}"


def a_file_is_compared_by_groups(target: Target) -> str:
    """Run ``variants`` over a file: the Map, its child, and the run of the group in it."""
    bucket, run = target.outputs["answers_bucket"]["name"], f"verify-{uuid.uuid4().hex[:8]}"
    s3, key = target.client("s3"), f"variants/{run}.jsonl"
    s3.put_object(Bucket=bucket, Key=key, Body=b'{"what": "river"}\n{"what": "hill"}\n')
    arn = target.client("stepfunctions").start_execution(
        stateMachineArn=target.outputs["workflows"]["variants"]["state_machine_arn"],
        input=json.dumps(
            {
                "id": run,
                "prompt": "Name one {{what}}, in one word.",
                "variants_s3": f"s3://{bucket}/{key}",
                "tier": "SIMPLE",
                "max_tokens": 60,
            }
        ),
    )["executionArn"]
    ended = client.wait_for_execution(target, arn, target.patience)
    expect(ended["status"] == "SUCCEEDED", f"{ended.get('error')}: {ended.get('cause')}")
    expect("AskGroups" in target.states(arn), "no group was asked")
    output = json.loads(ended["output"])
    expect(output["variants"]["answered"] == 2, f"answered: {output['variants']}")
    results = output["results_s3"].removeprefix(f"s3://{bucket}/")
    every = json.loads(s3.get_object(Bucket=bucket, Key=results)["Body"].read())
    expect(len(every["ranking"]) == 2, "the file does not have every variant")
    return f"{output['status']}, ${output['total']['total_usd']}"


def _start(target: Target) -> str:
    [arn] = client.start(target, [{"input": SHORT, "tier": "SIMPLE", "max_tokens": 200}])
    return arn


def _ended(target: Target, arn: str) -> Traced:
    client.wait_for_execution(target, arn, target.patience)
    name = arn.rsplit(":", 1)[1]
    return client.wait_until_settled(target, [name], target.patience)[0]


def _failures(target: Target, arn: str) -> int:
    history = target.client("stepfunctions").get_execution_history(executionArn=arn)
    events: list[Mapping[str, Any]] = history["events"]
    return sum(str(event["type"]) == "TaskFailed" for event in events)
