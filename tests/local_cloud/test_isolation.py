"""Tenants that use each other's ids: each is alone with its own, whichever way it comes in."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local import client
from local.deployment import Deployment
from router.executions.names import execution_name
from tests.local_cloud.cloud_control import fresh, wait_for
from tests.local_cloud.door import Door, door_of
from tests.local_cloud.simulator import Simulator
from tests.local_cloud.test_fault_reruns import command, fail
from tests.local_cloud.test_queue import left, take_dead_letters

FRANCE, JAPAN = "What is the capital of France?", "What is the capital of Japan?"


@pytest.fixture(scope="module")
def acme(deployment: Deployment) -> Door:
    return door_of(deployment, "acme")


@pytest.fixture(scope="module")
def labs(deployment: Deployment) -> Door:
    return door_of(deployment, "labs")


def new_id() -> str:
    return f"shared-{uuid.uuid4().hex[:12]}"


def started_directly(deployment: Deployment, request_id: str, **fields: Any) -> dict[str, Any]:
    """Run a request under a name that AWS chooses, as the README does; return its outcome."""
    request = {"input": FRANCE, "request_id": request_id, "tier": "SIMPLE", **fields}
    [arn] = client.start(deployment, [request])
    outcome: dict[str, Any] = json.loads(client.wait_for_execution(deployment, arn, 60)["output"])
    return outcome


def test_an_id_with_rows_and_no_execution_of_its_name_gives_nobody_elses_answer(
    deployment: Deployment, acme: Door, labs: Door
) -> None:
    """H01: another tenant's POST was answered with what the first had asked."""
    name = new_id()
    outcome = started_directly(deployment, name, tenant="acme", metadata={"card": "4711"})
    same = {"input": FRANCE, "request_id": name, "tier": "SIMPLE", "metadata": {"card": "4711"}}

    unseen = labs.call("GET", f"/prompts/{name}")
    unjudged = labs.call("POST", f"/prompts/{name}/feedback", {"feedback": "bad"})
    own = labs.call("POST", "/prompts", {"input": JAPAN, "request_id": name, "tier": "SIMPLE"})
    other = acme.call("POST", "/prompts", {**same, "input": JAPAN})
    again = acme.call("POST", "/prompts", same)

    assert outcome["request_id"] == name
    assert (unseen.status_code, unjudged.status_code) == (404, 404)
    assert own.status_code == 200, own.text
    assert "Tokyo" in own.json()["output"]
    assert "4711" not in own.text
    assert (other.status_code, other.json()["error"]["type"]) == (409, "Conflict")
    assert (again.status_code, again.json()["output"]) == (200, outcome["output"])
    assert len(client.trace(deployment, name, "acme").attempts) == 1
    assert client.trace(deployment, name, "labs").request["tenant"] == "labs"


def test_nobody_takes_an_id_away_and_no_status_tells_that_it_was_used(
    acme: Door, labs: Door
) -> None:
    name = new_id()
    first = labs.call("POST", "/prompts", {"input": JAPAN, "request_id": name})
    # Nor the name of the execution under which acme's request will run.
    labs.call("POST", "/prompts", {"input": JAPAN, "request_id": execution_name("acme", name)})

    mine = acme.call("POST", "/prompts", {"input": FRANCE, "request_id": name})
    chat = {"model": "auto", "messages": [{"role": "user", "content": FRANCE}]}
    other = new_id()
    labs.call("POST", "/chat/completions", chat, headers={"Idempotency-Key": other})
    chat["messages"] = [{"role": "user", "content": JAPAN}]
    key = acme.call("POST", "/chat/completions", chat, headers={"Idempotency-Key": other})

    assert (first.status_code, mine.status_code, key.status_code) == (200, 200, 200), mine.text
    assert "Paris" in mine.json()["output"]
    assert "Tokyo" in key.json()["choices"][0]["message"]["content"]


def test_no_attribute_of_a_message_makes_it_vanish_or_takes_its_id(deployment: Deployment) -> None:
    """H45: `runs_as` of any ended run made a message vanish, `request_id` made two of them one."""
    sqs, url = deployment.client("sqs"), deployment.outputs["queue"]["url"]
    ended = started_directly(deployment, new_id())["request_id"]
    ids = [new_id() for _ in range(3)]
    forged = [
        {"request_id": ended, "runs_as": ended},
        {"runs_as": execution_name("default", ended), "put_back": "3"},
        {"faregate.watches": "0", "faregate.put_back": "2"},
    ]
    for name, attributes in zip(ids, forged, strict=True):
        sqs.send_message(
            QueueUrl=url,
            MessageBody=json.dumps({"input": FRANCE, "request_id": name, "tier": "SIMPLE"}),
            MessageAttributes={
                key: {"DataType": "String", "StringValue": text} for key, text in attributes.items()
            },
        )
    # Two that give no id and share a trace's attribute are two.
    name_of_a_trace = fresh("trace")
    traced = {"request_id": {"DataType": "String", "StringValue": name_of_a_trace}}
    sent = [
        sqs.send_message(
            QueueUrl=url,
            MessageBody=json.dumps({"input": text, "tier": "SIMPLE"}),
            MessageAttributes=traced,
        )["MessageId"]
        for text in (FRANCE, JAPAN)
    ]

    traces = client.wait_until_settled(deployment, [*ids, *(f"sqs-{i}" for i in sent)], 90)
    wait_for(lambda: left(deployment) == 0, "messages are left in the queue")

    assert {traced.request.get("status") for traced in traces} == {"SUCCEEDED"}
    assert take_dead_letters(deployment) == []


def test_a_tenant_cannot_take_the_name_of_anothers_rerun(
    deployment: Deployment, simulator: Simulator
) -> None:
    """H05: `rerun` said "started" of a run that was another tenant's."""
    tenant = f"rerun-{uuid.uuid4().hex[:8]}"
    [request_id] = fail(deployment, simulator, tenant, 1)
    thief = door_of(deployment, "labs")
    taken = execution_name(tenant, request_id, run=2)
    for name in (request_id, f"{request_id}-r2", taken):
        body = {"input": FRANCE, "request_id": name}
        assert thief.call("POST", "/prompts?mode=async", body).status_code == 202

    _, [line] = command(deployment, "rerun", "--since", "1h", "--tenant", tenant)
    runs = deployment.state_machine_arn.replace(":stateMachine:", ":execution:")
    run = client.wait_for_execution(deployment, f"{runs}:{line['started']}", 60)

    assert json.loads(run["input"])["tenant"] == tenant
    [traced] = client.wait_until_settled(deployment, [request_id], 60, tenant)
    assert (line["request_id"], line["started"]) == (request_id, taken)
    assert (traced.request["status"], int(traced.request["runs"])) == ("SUCCEEDED", 2)


def test_a_role_is_refused_what_is_not_its_own(deployment: Deployment) -> None:
    """The proof that IAM is evaluated here: analyze may query a table, and not scan it."""
    role = deployment.outputs["functions"]["analyze"]["role_arn"]
    key = deployment.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    dynamodb = deployment.client(
        "dynamodb",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key["SessionToken"],
    )

    with pytest.raises(ClientError, match="AccessDenied"):
        dynamodb.scan(TableName=deployment.usage_table)
