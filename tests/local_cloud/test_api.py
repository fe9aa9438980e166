"""The HTTP door as its callers use it: curl, OpenAI's own client, two tenants with a key each."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import openai
import pytest

from local import client
from local.deployment import Deployment
from router.ingress.api.bearer_keys import hash_of
from tests.local_cloud.cloud_control import Emulator, wait_for
from tests.local_cloud.door import Door, command, door_of, operate
from tests.local_cloud.simulator import Simulator
from tests.local_cloud.test_fault_text import answers


@pytest.fixture(scope="module")
def acme(deployment: Deployment) -> Door:
    return door_of(deployment, "acme")


@pytest.fixture(scope="module")
def labs(deployment: Deployment) -> Door:
    return door_of(deployment, "labs")


@pytest.fixture
def openai_client(acme: Door) -> Iterator[openai.OpenAI]:
    with (
        httpx2.Client(trust_env=False) as http,
        openai.OpenAI(base_url=acme.url, api_key=acme.key, http_client=http) as openai_client,
    ):
        yield openai_client


def test_curl_gets_an_answer_with_model_reason_and_cost(acme: Door) -> None:
    done = subprocess.run(
        [
            *("curl", "--silent", "--show-error", "--fail-with-body", "--noproxy", "*"),
            *("--header", f"authorization: Bearer {acme.key}"),
            *("--header", "content-type: application/json", f"{acme.url}/prompts"),
            *("--data", '{"input": "What is the capital of France?"}'),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout)

    assert "Paris" in answer["output"]
    assert answer["tier"] == "SIMPLE"
    assert answer["reasons"]
    assert float(answer["cost_usd"]) > 0


def test_openais_client_reads_the_answer_and_what_it_cost(openai_client: openai.OpenAI) -> None:
    raw = openai_client.chat.completions.with_raw_response.create(
        model="auto", messages=[{"role": "user", "content": "What is 17 * 24?"}]
    )
    completion = raw.parse()

    assert "408" in (completion.choices[0].message.content or "")
    assert completion.model == raw.headers["x-faregate-model"] == "gpt-6-luna"
    assert completion.usage
    assert completion.usage.total_tokens > 0
    assert raw.headers["x-faregate-tier"] == "CALCULATION"
    assert float(raw.headers["x-faregate-cost-usd"]) > 0


def test_openais_client_is_told_what_it_cannot_have(openai_client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="`store` is not passed on"):
        openai_client.chat.completions.create(
            model="auto", messages=[{"role": "user", "content": "Hi"}], store=True
        )


def test_openais_client_does_not_pay_a_failure_twice(
    openai_client: openai.OpenAI, simulator: Simulator
) -> None:
    prompt = f"Which planet is the largest? {uuid.uuid4()}"
    simulator.script({"match": {"contains": prompt}, "count": None, "status": 500})

    with pytest.raises(openai.BadRequestError) as failed:
        openai_client.chat.completions.create(
            model="SIMPLE", messages=[{"role": "user", "content": prompt}]
        )

    assert failed.value.status_code == 400
    models = [call["model"] for call in simulator.calls_with(prompt)]
    assert len(models) == len(set(models))  # each of the plan was asked once


def test_a_key_is_its_tenant_in_the_rows(deployment: Deployment, labs: Door) -> None:
    answer = labs.call("POST", "/prompts", {"input": "Who wrote Faust?"}).json()

    assert client.trace(deployment, answer["request_id"], "labs").request["tenant"] == "labs"


def test_tenants_do_not_see_each_others_requests(acme: Door, labs: Door) -> None:
    request_id = acme.call("POST", "/prompts", {"input": "Who wrote Emma?"}).json()["request_id"]

    assert acme.call("GET", f"/prompts/{request_id}").json()["status"] == "SUCCEEDED"
    assert labs.call("GET", f"/prompts/{request_id}").status_code == 404
    assert labs.call(
        "POST", f"/prompts/{request_id}/feedback", {"feedback": "bad"}
    ).status_code == 404  # fmt: skip


def test_an_async_request_is_found_at_once_and_then_answered(acme: Door) -> None:
    accepted = acme.call("POST", "/prompts?mode=async", {"input": "Who painted Guernica?"})
    where = f"/prompts/{accepted.json()['request_id']}"

    assert accepted.status_code == 202
    assert accepted.headers["location"] == f"/v1{where}"
    assert acme.call("GET", where).status_code == 200
    wait_for(lambda: acme.call("GET", where).json()["status"] == "SUCCEEDED", "no answer")


def test_the_same_request_twice_at_once_runs_once(deployment: Deployment, acme: Door) -> None:
    request = {"input": "Who discovered radium?", "request_id": f"twice-{uuid.uuid4()}"}

    with ThreadPoolExecutor() as pool:
        calls = [pool.submit(acme.call, "POST", "/prompts", request) for _ in range(3)]
        done = [call.result() for call in calls]

    assert {answer.status_code for answer in done} == {200}
    assert len({answer.json()["output"] for answer in done}) == 1
    assert len(client.trace(deployment, request["request_id"], "acme").attempts) == 1
    other = acme.call("POST", "/prompts", {**request, "input": "Who discovered polonium?"})
    assert other.status_code == 409


def test_what_the_analysis_refuses_is_told_and_found(acme: Door) -> None:
    request = {"input": "Hi", "tier": "no-such-tier", "request_id": f"refused-{uuid.uuid4()}"}

    refused = acme.call("POST", "/prompts", request)
    found = acme.call("GET", f"/prompts/{request['request_id']}").json()

    assert 400 <= refused.status_code < 500
    assert refused.json()["error"]["request_id"] == request["request_id"]
    assert found["status"] == "NOT_ACCEPTED"
    assert found["error"] == refused.json()["error"]


def test_a_large_answer_comes_whole(acme: Door, simulator: Simulator) -> None:
    prompt = f"A long list, please. {uuid.uuid4()}"
    simulator.script({"match": {"contains": prompt}, "body": answers("long " * 50_000)})

    answer = acme.call("POST", "/prompts", {"input": prompt, "tier": "SIMPLE"}).json()

    assert answer["output"] == "long " * 50_000


def test_no_run_is_started_for_a_tenant_that_has_nothing_left(deployment: Deployment) -> None:
    tenant = f"broke-{uuid.uuid4().hex[:8]}"
    door = door_of(deployment, tenant)
    operate(deployment, "budget", "set", "--tenant", tenant, "--day", "0")
    request_id = f"r-{uuid.uuid4().hex}"

    refused = door.call("POST", "/prompts", {"input": "Hi", "request_id": request_id})

    assert (refused.status_code, refused.json()["error"]["type"]) == (402, "BudgetExceeded")
    assert "$0.00 of tenant" in refused.json()["error"]["message"]
    assert door.call("GET", f"/prompts/{request_id}").status_code == 404  # there is no run either


def test_figures_are_the_tenants_own_and_agree_with_the_rows(
    deployment: Deployment, emulator: Emulator
) -> None:
    tenant = f"figures-{uuid.uuid4().hex[:8]}"
    door = door_of(deployment, tenant)
    asked = [
        door.call("POST", "/prompts", {"input": prompt}).json()
        for prompt in ("What is the capital of Peru?", "What is 3 * 14?")
    ]
    ids = [answer["request_id"] for answer in asked]
    client.wait_until_settled(deployment, ids, 60, tenant)

    report = door.call("GET", "/usage?since=1d&by=model").json()

    assert report["total"]["requests"] == "2"
    spent = sum(float(answer["cost_usd"]) for answer in asked)
    assert float(report["total"]["cost_usd"]) == pytest.approx(spent)
    assert {line["model"] for line in report["lines"]} == {answer["model"] for answer in asked}


def test_a_verdict_is_on_the_row_and_in_the_sums(deployment: Deployment) -> None:
    tenant = f"judge-{uuid.uuid4().hex[:8]}"
    door = door_of(deployment, tenant)
    request_id = door.call("POST", "/prompts", {"input": "Who wrote Faust?"}).json()["request_id"]
    client.wait_until_settled(deployment, [request_id], 60, tenant)

    given = {"feedback": "bad", "note": "too short"}
    answer = door.call("POST", f"/prompts/{request_id}/feedback", given)

    assert answer.status_code == 200, answer.text
    assert door.call("GET", f"/prompts/{request_id}").json()["feedback"] == "bad"
    assert door.call("GET", "/usage?since=1d").json()["total"]["feedback_bad"] == "1"


def test_no_key_a_wrong_key_and_a_revoked_key_are_unauthorized(
    deployment: Deployment, acme: Door
) -> None:
    gone = door_of(deployment, "acme")
    command(deployment, "revoke", hash_of(gone.key)[:12])

    for key in ("", "sk-wrong", "sk-fg-" + "0" * 43, gone.key):
        refused = Door(acme.url, key).call("GET", "/usage")
        assert refused.status_code == 401
        assert refused.json()["error"]["type"] == "Unauthorized"


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/prompts", "{", "must be JSON"),
        ("/prompts", '{"prompt": "Hi"}', "unknown field `prompt`"),
        ("/prompts", '{"input": "Hi", "tenant": "labs"}', "leave `tenant` out"),
        ("/prompts", '{"input": "Hi", "messages": []}', "`messages` must not be empty"),
        ("/prompts", '{"input": "Hi", "request_id": 5}', "`request_id` must be a string"),
        ("/chat/completions", '{"model": "auto"}', "must have `messages`"),
        ("/prompts/x/feedback", '{"feedback": "great"}', "`feedback` must be one of good, bad"),
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_a_malformed_body_is_refused_with_what_to_write(
    acme: Door, path: str, body: str, said: str, content_type: str
) -> None:
    refused = acme.call("POST", path, data=body, headers={"content-type": content_type})

    assert (refused.status_code, refused.json()["error"]["type"]) == (400, "InvalidRequest")
    assert said in refused.json()["error"]["message"]


def test_an_unknown_path_has_the_one_shape_of_an_error(acme: Door) -> None:
    refused = acme.call("GET", "/nowhere")

    assert (refused.status_code, refused.json()["error"]["type"]) == (404, "NotFound")
