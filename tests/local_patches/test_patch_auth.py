"""With IAM evaluated, least-privilege policies allow here what they allow on AWS."""

import json
from typing import Any

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def role_may(lab: Any, *actions: str, on: str) -> dict[str, str]:
    """Credentials of a new role that may do this and nothing else."""
    iam, name = lab.client("iam"), lab.name("role")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": on}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=json.dumps(policy))
    session = lab.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    return {
        "aws_access_key_id": session["AccessKeyId"],
        "aws_secret_access_key": session["SecretAccessKey"],
        "aws_session_token": session["SessionToken"],
    }


def test_role_may_update_the_one_connection_it_names(guarded_lab: Any) -> None:
    lab = guarded_lab
    key = {"ApiKeyAuthParameters": {"ApiKeyName": "Authorization", "ApiKeyValue": "Bearer sk-1"}}
    mine, other = lab.name("mine"), lab.name("other")
    for name in (mine, other):
        lab.client("events").create_connection(
            Name=name, AuthorizationType="API_KEY", AuthParameters=key
        )
    allowed = f"arn:aws:events:us-east-1:000000000000:connection/{mine}"
    events = lab.client("events", **role_may(lab, "events:UpdateConnection", on=allowed))

    events.update_connection(Name=mine, AuthorizationType="API_KEY", AuthParameters=key)
    with pytest.raises(ClientError, match="not authorized"):
        events.update_connection(Name=other, AuthorizationType="API_KEY", AuthParameters=key)


def test_queue_that_refuses_plain_http_takes_messages_over_loopback(guarded_lab: Any) -> None:
    url, arn = guarded_lab.queue()
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": arn,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    sqs = guarded_lab.client("sqs")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})

    sqs.send_message(QueueUrl=url, MessageBody='{"n": 1}')

    assert guarded_lab.messages(url) == [{"n": 1}]


def test_function_acts_with_its_own_role(guarded_lab: Any) -> None:
    lab = guarded_lab
    iam, name = lab.client("iam"), lab.name("role")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    url, _ = lab.queue()
    function = lab.function(
        "import boto3\n"
        "def handler(event, context):\n"
        f"    boto3.client('sqs').send_message(QueueUrl={url!r}, MessageBody='1')\n",
        Role=role,
    )

    answer = lab.client("lambda").invoke(FunctionName=function)

    assert answer["FunctionError"] == "Unhandled"
    assert "AccessDenied" in json.load(answer["Payload"])["errorMessage"]


def test_a_role_without_the_right_is_refused_in_the_gateways_own_shape(guarded_lab: Any) -> None:
    lab = guarded_lab
    client = lab.client("apigateway")
    api = client.create_rest_api(name=lab.name("api"))
    target = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    client.put_method(**target, authorizationType="AWS_IAM")
    client.put_integration(**target, type="MOCK")
    client.put_gateway_response(
        restApiId=api["id"],
        responseType="ACCESS_DENIED",
        statusCode="403",
        responseTemplates={"application/json": '{"type": "ours"}'},
    )
    client.create_deployment(restApiId=api["id"], stageName="v1")
    url = f"{lab.cloud.emulator_url}/_aws/execute-api/{api['id']}/v1/"
    arn = f"arn:aws:execute-api:us-east-1:000000000000:{api['id']}/v1/GET/*"

    def get(**credentials: str) -> requests.Response:
        request = AWSRequest("GET", url)
        signer = Credentials(*credentials.values())
        SigV4Auth(signer, "execute-api", "us-east-1").add_auth(request)
        return requests.get(url, headers=dict(request.headers), timeout=10)

    assert get(**role_may(lab, "execute-api:Invoke", on=arn)).status_code == 200
    refused = get(**role_may(lab, "execute-api:Invoke", on=arn.replace("GET", "POST")))
    assert (refused.status_code, refused.json()) == (403, {"type": "ours"})
