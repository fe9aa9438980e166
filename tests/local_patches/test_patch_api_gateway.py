"""What API Gateway passes to a function about its caller, as AWS does."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.support.patience import HANGS_SECONDS

ECHO = """
import json
def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event["requestContext"]["identity"])}
"""


# Waits for a workflow, as the HTTP API does.
WAITS = """
import json, time, boto3
def handler(event, context):
    client = boto3.client("stepfunctions")
    arn = client.start_execution(stateMachineArn=event["stageVariables"]["machine"])["executionArn"]
    until = time.monotonic() + 8
    while client.describe_execution(executionArn=arn)["status"] == "RUNNING":
        if time.monotonic() > until:
            return {"statusCode": 504, "body": "nobody ran it"}
        time.sleep(0.1)
    return {"statusCode": 200, "body": "done"}
"""


def get(url: str, key: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, headers={"x-api-key": key}, timeout=HANGS_SECONDS)


def api_with_a_key(
    lab: Any, *, asks_for_it: bool = True, code: str = ECHO, **variables: str
) -> tuple[str, str, str]:
    """Make an API of one path; return its URL, and id and value of a key for it."""
    client = lab.client("apigateway")
    api = client.create_rest_api(name=lab.name("api"))
    function = lab.function(code)
    target = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    client.put_method(**target, authorizationType="NONE", apiKeyRequired=asks_for_it)
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function}"
    client.put_integration(
        **target,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations",
    )
    client.create_deployment(restApiId=api["id"], stageName="v1", variables=variables)
    key = client.create_api_key(name=lab.name("key"), enabled=True)
    plan = client.create_usage_plan(
        name=lab.name("plan"), apiStages=[{"apiId": api["id"], "stage": "v1"}]
    )
    client.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    url = f"{lab.cloud.emulator_url}/_aws/execute-api/{api['id']}/v1/"
    return url, key["id"], key["value"]


def test_function_is_told_which_key_called(lab: Any) -> None:
    url, key_id, value = api_with_a_key(lab)

    identity = json.loads(get(url, value).text)

    assert (identity["apiKeyId"], identity["apiKey"]) == (key_id, value)
    assert get(url, "x" * 20).status_code == 403


def test_a_key_that_was_not_asked_for_is_not_told(lab: Any) -> None:
    url, _, value = api_with_a_key(lab, asks_for_it=False)

    assert "apiKeyId" not in json.loads(get(url, value).text)


def test_a_key_with_an_empty_value_gets_one(lab: Any) -> None:
    key = lab.client("apigateway").create_api_key(name=lab.name("key"), value="")

    assert len(key["value"]) >= 20


def test_functions_that_wait_behind_an_api_do_not_keep_out_what_they_wait_for(lab: Any) -> None:
    quick = lab.function("def handler(event, context):\n    return {}")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": quick},
        "End": True,
    }
    url, _, value = api_with_a_key(lab, code=WAITS, machine=lab.machine({"Call": task}))

    with ThreadPoolExecutor(8) as pool:  # more than there are places for workers on two cores
        answers = list(pool.map(lambda _: get(url, value).text, range(8)))

    assert answers == ["done"] * 8


def changed(path: str, value: str) -> list[dict[str, str]]:
    return [{"op": "replace", "path": path, "value": value}]


def test_a_method_that_is_changed_in_place_asks_for_no_key_any_more(lab: Any) -> None:
    url, _, _ = api_with_a_key(lab)
    client = lab.client("apigateway")
    [_, api, _, _] = url.rsplit("/", 3)
    [root] = client.get_resources(restApiId=api)["items"]

    answer = client.update_method(
        restApiId=api,
        resourceId=root["id"],
        httpMethod="GET",
        patchOperations=changed("/apiKeyRequired", "false"),
    )

    assert answer["apiKeyRequired"] is False
    assert get(url, "").status_code == 200


def test_numbers_that_are_changed_in_place_stay_numbers(lab: Any) -> None:
    client = lab.client("apigateway")
    bodies: list[dict[str, Any]] = []
    # boto3 reads "7" as 7; Terraform's provider does not.
    client.meta.events.register(
        "before-parse", lambda response_dict, **_: bodies.append(json.loads(response_dict["body"]))
    )
    api = client.create_rest_api(name=lab.name("api"))["id"]
    authorizer = client.create_authorizer(restApiId=api, name="tokens", type="TOKEN")["id"]
    plan = client.create_usage_plan(name=lab.name("plan"), quota={"limit": 1, "period": "DAY"})
    bodies.clear()

    client.update_authorizer(
        restApiId=api,
        authorizerId=authorizer,
        patchOperations=changed("/authorizerResultTtlInSeconds", "30"),
    )
    client.update_usage_plan(usagePlanId=plan["id"], patchOperations=changed("/quota/limit", "7"))

    assert bodies[0]["authorizerResultTtlInSeconds"] == 30
    assert bodies[1]["quota"]["limit"] == 7


def test_an_authorizer_stays_while_a_method_names_it(lab: Any) -> None:
    client = lab.client("apigateway")
    api = client.create_rest_api(name=lab.name("api"))
    named = {
        "restApiId": api["id"],
        "authorizerId": client.create_authorizer(restApiId=api["id"], name="tokens", type="TOKEN")[
            "id"
        ],
    }
    target = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    client.put_method(**target, authorizationType="CUSTOM", authorizerId=named["authorizerId"])

    with pytest.raises(client.exceptions.ConflictException, match="referenced in method: GET//"):
        client.delete_authorizer(**named)

    client.delete_method(**target)
    client.delete_authorizer(**named)
    assert client.get_authorizers(restApiId=api["id"])["items"] == []


ECHO_ORIGIN = """\
#if($input.params().header.get("origin") == "https://a.example")
#set($context.responseOverride.header.access-control-allow-origin = "https://a.example")
#end"""


def test_a_mock_integrations_template_names_headers_of_the_answer(lab: Any) -> None:
    client = lab.client("apigateway")
    api = client.create_rest_api(name=lab.name("api"))
    target = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "OPTIONS"}
    header = "method.response.header.access-control-allow-origin"
    client.put_method(**target, authorizationType="NONE")
    client.put_integration(
        **target, type="MOCK", requestTemplates={"application/json": '{"statusCode": 204}'}
    )
    client.put_method_response(**target, statusCode="204", responseParameters={header: True})
    client.put_integration_response(
        **target,
        statusCode="204",
        responseParameters={header: "'https://b.example'"},
        responseTemplates={"application/json": ECHO_ORIGIN},
    )
    client.create_deployment(restApiId=api["id"], stageName="v1")
    url = f"{lab.cloud.emulator_url}/_aws/execute-api/{api['id']}/v1/"

    def allowed(**headers: str) -> str:
        answer = requests.options(url, headers=headers, timeout=HANGS_SECONDS)
        assert (answer.status_code, answer.content) == (204, b"")
        return answer.headers["access-control-allow-origin"]

    assert allowed(origin="https://a.example") == "https://a.example"
    assert allowed(origin="https://evil.example") == "https://b.example"
    assert allowed() == "https://b.example"
    assert client.get_integration(**target).get("httpMethod") is None
