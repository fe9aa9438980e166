"""What API Gateway tells a function of its caller, as AWS does."""

from __future__ import annotations

import json
from typing import Any

import requests

ECHO = """
import json
def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event["requestContext"]["identity"])}
"""


def get(url: str, key: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, headers={"x-api-key": key}, timeout=30)


def api_with_a_key(lab: Any, *, asks_for_it: bool = True) -> tuple[str, str, str]:
    """Make an API of one path; return its URL, and id and value of a key for it."""
    client = lab.client("apigateway")
    api = client.create_rest_api(name=lab.name("api"))
    function = lab.function(ECHO)
    target = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    client.put_method(**target, authorizationType="NONE", apiKeyRequired=asks_for_it)
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function}"
    client.put_integration(
        **target,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations",
    )
    client.create_deployment(restApiId=api["id"], stageName="v1")
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
