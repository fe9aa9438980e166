"""Structured answers and human review, end to end: what is withheld, mended, decided, and paid."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from local import client, cloud_time
from local.cloud import ROOT
from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator, states_entered, wait_for
from tests.local_cloud.fault_table import Tell
from tests.local_cloud.simulator import Simulator
from tests.support.patience import HANGS_SECONDS

HAIKU = "us.anthropic.claude-haiku-5-5"
SONNET = "us.anthropic.claude-sonnet-5-5"
LUNA = "gpt-6-luna"
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["city", "sure"],
    "properties": {
        "city": {"type": "string", "maxLength": 40},
        "sure": {"type": "number", "minimum": 0, "maximum": 1},
    },
}


def said(city: Any = "Paris", sure: float = 0.9) -> str:
    return json.dumps({"city": city, "sure": sure})


def run(deployment: Deployment, request: Mapping[str, Any]) -> dict[str, Any]:
    [arn] = client.start(deployment, [{"tier": "SIMPLE", **request}])
    return client.wait_for_execution(deployment, arn, 60)


def settled(deployment: Deployment, request_id: str) -> client.Traced:
    [traced] = client.wait_until_settled(deployment, [request_id], 60)
    assert traced.settled
    return traced


def item(deployment: Deployment, request_id: str, name: str) -> dict[str, Any]:
    found = deployment.client("dynamodb").get_item(
        TableName=deployment.usage_table,
        Key={"request_id": {"S": request_id}, "item": {"S": name}},
        ConsistentRead=True,
    )
    return {key: next(iter(value.values())) for key, value in found.get("Item", {}).items()}


def read_s3(deployment: Deployment, address: str) -> str:
    bucket, key = address.removeprefix("s3://").split("/", 1)
    body = deployment.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return str(body.decode())


def review(
    deployment: Deployment, *arguments: str, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `python -m router review` as a reviewer would."""
    return subprocess.run(
        [sys.executable, "-m", "router", "review", *arguments],
        cwd=ROOT, env=deployment.cloud.env(), input=stdin, capture_output=True, text=True,
        timeout=HANGS_SECONDS, check=False,
    )  # fmt: skip


def outcomes(traced: client.Traced) -> list[tuple[str, str, str]]:
    return [(row["model"], row["outcome"], row["cost_status"]) for row in traced.attempts]


@pytest.fixture
def waiting(deployment: Deployment, simulator: Simulator) -> Any:
    """Start a request whose answer a human must see; return its id once it waits."""

    def start(prompt: str, says: str = "Paris.", **request: Any) -> str:
        simulator.script({"match": {"contains": prompt}, "count": None, "text": says})
        asked = {"tier": "SIMPLE", "input": prompt, "review": True, **request}
        [arn] = client.start(deployment, [asked])
        name = arn.rsplit(":", 1)[-1]
        wait_for(lambda: "task_token" in item(deployment, name, "REVIEW"), f"{name} waits not")
        return name

    return start


@contextmanager
def review_limit(
    deployment: Deployment, seconds: int, limit: str = "TimeoutSeconds"
) -> Iterator[None]:
    """Let reviews be waited for less long for a while."""
    aws = deployment.client("stepfunctions")
    arn = deployment.state_machine_arn
    before = aws.describe_state_machine(stateMachineArn=arn)["definition"]
    changed = json.loads(before)
    changed["States"]["AwaitReview"][limit] = seconds
    aws.update_state_machine(stateMachineArn=arn, definition=json.dumps(changed))
    try:
        yield
    finally:
        aws.update_state_machine(stateMachineArn=arn, definition=before)


def test_a_structured_answer_that_fits_costs_no_state_more(
    deployment: Deployment, simulator: Simulator
) -> None:
    prompt = "checked: fits at once."
    simulator.script({"match": {"contains": prompt}, "text": said()})

    done = run(deployment, {"input": prompt, "response_schema": SCHEMA})

    output = json.loads(done["output"])
    assert json.loads(output["output"]) == {"city": "Paris", "sure": 0.9}
    assert len(states_entered(deployment, done["executionArn"])) == 3


def test_an_invalid_answer_is_mended_by_its_model_and_each_call_is_paid(
    deployment: Deployment, simulator: Simulator, tell: Tell
) -> None:
    told = tell("invalid-answer", "an answer that breaks its schema, once",
                "InvokeHaiku > PlanNextStep > NextStep > InvokeModel")  # fmt: skip
    prompt = "checked: mend it."
    simulator.script(
        {"match": {"contains": prompt}, "count": 1, "text": said(city=7)},
        {"match": {"contains": prompt}, "count": 1, "text": said()},
    )

    done = run(deployment, {"input": prompt, "response_schema": SCHEMA})

    traced = settled(deployment, done["name"])
    told.found(traced)
    assert json.loads(done["output"])["output"] == said()
    assert outcomes(traced) == [(HAIKU, "INVALID_ANSWER", "PRICED"), (HAIKU, "OK", "PRICED")]
    assert all(row["cost_usd"] > 0 for row in traced.attempts)
    assert read_s3(deployment, traced.attempts[0]["draft_s3"]) == said(city=7)
    assert "fallback_cause" not in traced.request
    assert traced.request["transitions"] == 6
    second = simulator.calls()[-1]
    assert second["usage"]["inputTokens"] > traced.attempts[0]["input_tokens"]


def test_after_three_invalid_answers_one_tier_up_is_asked(
    deployment: Deployment, simulator: Simulator
) -> None:
    prompt = "checked: needs the next tier."
    simulator.script(
        {"match": {"contains": prompt, "model": HAIKU}, "count": None, "text": "no JSON"},
        {"match": {"contains": prompt, "model": LUNA}, "count": None, "text": said()},
    )

    done = run(deployment, {"input": prompt, "response_schema": SCHEMA})

    traced = settled(deployment, done["name"])
    invalid = (HAIKU, "INVALID_ANSWER", "PRICED")
    assert outcomes(traced) == [invalid, invalid, invalid, (LUNA, "OK", "PRICED")]
    assert traced.request["fallback_cause"] == "InvalidAnswer"


def test_when_no_model_fits_the_request_fails_with_every_draft_kept_and_paid(
    deployment: Deployment, simulator: Simulator, tell: Tell
) -> None:
    told = tell("never-valid", "answers that break their schema, each time",
                "InvokeHaiku > (PlanNextStep > NextStep > InvokeModel) x 3 > …")  # fmt: skip
    prompt = "checked: never fits."
    simulator.script({"match": {"contains": prompt}, "count": None, "text": "my secret words"})

    done = run(deployment, {"input": prompt, "response_schema": SCHEMA})

    traced = settled(deployment, done["name"])
    told.found(traced)
    assert (done["status"], done["error"]) == ("FAILED", "InvalidAnswer")
    assert "is not JSON" in done["cause"]
    assert "secret" not in done["cause"]
    assert [model for model, *_ in outcomes(traced)] == [HAIKU, HAIKU, HAIKU, LUNA]
    assert traced.request["cause"] == "InvalidAnswer"
    drafts = {read_s3(deployment, row["draft_s3"]) for row in traced.attempts}
    assert drafts == {"my secret words"}


def test_a_confident_answer_is_not_shown_to_a_human_and_a_hopeless_one_fails(
    deployment: Deployment, simulator: Simulator
) -> None:
    asked = {"response_schema": SCHEMA, "review": {"confidence_field": "sure"}}
    simulator.script(
        {"match": {"contains": "checked: sure."}, "text": said(sure=0.8)},
        {"match": {"contains": "checked: clueless."}, "text": said(sure=0.29)},
    )

    sure = run(deployment, {"input": "checked: sure.", **asked})
    clueless = run(deployment, {"input": "checked: clueless.", **asked})

    assert json.loads(sure["output"])["output"] == said(sure=0.8)
    assert clueless["error"] == "BelowConfidence"
    traced = settled(deployment, clueless["name"])
    assert outcomes(traced) == [(HAIKU, "OK", "PRICED")]
    assert traced.baseline_usd == 0  # nobody was served: nothing was saved
    assert read_s3(deployment, traced.attempts[0]["draft_s3"]) == said(sure=0.29)


def test_an_approved_draft_is_the_answer(deployment: Deployment, waiting: Any) -> None:
    asked = {"response_schema": SCHEMA, "review": {"confidence_field": "sure"}}
    name = waiting("review: approve me.", said(sure=0.5), **asked)
    assert item(deployment, name, "REQUEST")["status"] == "PENDING_REVIEW"
    listed = [json.loads(line) for line in review(deployment, "list").stdout.splitlines()]
    [row] = [row for row in listed if row["request_id"] == name]
    assert (row["reason"], row["by_default"]) == ("confidence 0.5", "reject")
    shown = json.loads(review(deployment, "show", name).stdout)
    assert (shown["draft"], shown["problems"]) == (said(sure=0.5), [])
    assert "review: approve me." in json.dumps(shown["input"])

    decided = review(deployment, "approve", name, "--by", "ann", "--note", "fine")

    assert decided.returncode == 0, decided.stderr
    traced = settled(deployment, name)
    assert (traced.request["status"], traced.request["review"]) == ("SUCCEEDED", "APPROVED")
    assert (traced.request["reviewer"], traced.output) == ("ann", said(sure=0.5))
    assert traced.attempts[0]["served"] == 1
    assert traced.baseline_usd > 0
    kept = item(deployment, name, "REVIEW")
    assert (kept["decision"], kept["note"]) == ("APPROVED", "fine")
    assert not {"task_token", "queue"} & kept.keys()
    again = review(deployment, "reject", name)
    assert (again.returncode, "APPROVED by ann" in again.stderr) == (1, True)


def test_a_rejected_draft_is_a_failure_that_was_paid_for(
    deployment: Deployment, waiting: Any
) -> None:
    name = waiting("review: reject me.")

    assert review(deployment, "reject", name, "--by", "bob").returncode == 0

    traced = settled(deployment, name)
    assert (traced.request["status"], traced.request["cause"]) == ("FAILED", "ReviewRejected")
    assert traced.request["review"] == "REJECTED"
    assert traced.attempts[0]["cost_usd"] > 0
    assert traced.baseline_usd == 0
    assert traced.output is None
    assert traced.request["transitions"] == 11


def test_an_edited_answer_must_fit_and_is_what_the_caller_gets(
    deployment: Deployment, waiting: Any
) -> None:
    name = waiting("review: edit me.", "no JSON", response_schema=SCHEMA)
    assert review(deployment, "approve", name).returncode == 1
    bad = review(deployment, "edit", name, "-", stdin='{"city": 7}')
    assert (bad.returncode, "is not of type 'string'" in bad.stderr) == (1, True)

    good = review(deployment, "edit", name, "-", stdin=said("Rome"))

    assert good.returncode == 0, good.stderr
    traced = settled(deployment, name)
    assert (traced.request["status"], traced.request["review"]) == ("SUCCEEDED", "EDITED")
    assert traced.output == said("Rome")
    assert [outcome for _, outcome, _ in outcomes(traced)] == ["INVALID_ANSWER"] * 4


def test_a_human_who_never_answers_is_decided_for(
    deployment: Deployment, waiting: Any, tell: Tell
) -> None:
    told = tell("no-reviewer", "a review that nobody answers",
                "NextStep > AwaitReview > PlanNextStep > NextStep > …")  # fmt: skip
    with review_limit(deployment, 3):
        name = waiting("review: nobody comes.")

        traced = settled(deployment, name)

    told.found(traced)
    assert (traced.request["status"], traced.request["cause"]) == ("FAILED", "ReviewTimedOut")
    assert traced.request["reviewer"] == "time-out"
    assert item(deployment, name, "REVIEW")["decision"] == "REJECTED"
    assert review(deployment, "approve", name).returncode == 1


def test_a_draft_that_nobody_looks_at_is_decided_before_its_whole_time(
    deployment: Deployment, waiting: Any
) -> None:
    with review_limit(deployment, 3, "HeartbeatSeconds"):
        name = waiting("review: nobody looks.")

        traced = settled(deployment, name)

    assert (traced.request["status"], traced.request["cause"]) == ("FAILED", "ReviewTimedOut")


def test_a_look_of_a_reviewer_keeps_the_draft(deployment: Deployment, waiting: Any) -> None:
    seconds = 10  # of the cloud's time, as the heartbeat: more than a look takes
    with review_limit(deployment, seconds, "HeartbeatSeconds"):
        name = waiting("review: somebody looks.")
        began, looks = cloud_time.now(), 0
        while cloud_time.now() - began < seconds + 1:
            assert review(deployment, "show", name).returncode == 0
            looks += 1
        decided = review(deployment, "approve", name, "--by", "ann")

    assert looks > 1
    assert decided.returncode == 0, decided.stderr
    assert settled(deployment, name).request["status"] == "SUCCEEDED"


def test_where_the_default_is_to_approve_nobodys_draft_is_the_answer(
    deployment: Deployment, emulator: Emulator, waiting: Any
) -> None:
    review = emulator.config_of()["review"] | {"default": "approve"}
    with (
        emulator.configured(review=review),
        review_limit(deployment, 3),
    ):
        name = waiting("review: nobody comes, and it is fine.")
        invalid = waiting("review: nobody comes, and it is not.", "no JSON", response_schema=SCHEMA)

        approved, rejected = settled(deployment, name), settled(deployment, invalid)

    assert (approved.request["status"], approved.request["reviewer"]) == ("SUCCEEDED", "time-out")
    assert approved.output == "Paris."
    assert approved.attempts[0]["served"] == 1
    assert rejected.request["cause"] == "ReviewTimedOut"


def test_a_run_that_is_aborted_while_it_waits_is_closed_with_its_attempt(
    deployment: Deployment, waiting: Any
) -> None:
    name = waiting("review: aborted.")
    arn = item(deployment, name, "REQUEST")["execution_arn"]

    deployment.client("stepfunctions").stop_execution(executionArn=arn)

    traced = settled(deployment, name)
    assert (traced.request["status"], traced.request["cause"]) == ("FAILED", "Aborted")
    assert outcomes(traced) == [(HAIKU, "OK", "PRICED")]
    assert item(deployment, name, "REVIEW")["decision"] == "DROPPED"
    assert name not in review(deployment, "list").stdout


@pytest.mark.parametrize(
    ("request_fields", "says"),
    [
        ({"response_schema": {"type": "array"}}, 'write "type": "object"'),
        ({"review": {"confidence_field": "sure"}}, "give a `response_schema` too"),
    ],
)
def test_what_cannot_be_checked_is_refused_before_it_is_paid(
    deployment: Deployment, request_fields: dict[str, Any], says: str
) -> None:
    done = run(deployment, {"input": "checked: refused.", **request_fields})

    assert done["error"] == "InvalidRequest"
    assert says in done["cause"]
