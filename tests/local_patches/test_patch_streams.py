"""A function that streams, behind an API that is one document."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, IncompleteRead
from pathlib import Path
from typing import Any

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "router" / "lambda_stream"
# Sends a part, and the next one once its caller has taken the first: it looks for a file.
STREAMS = """
import os, time
from router.lambda_stream.response import StreamedResponse
def handler(event, context):
    how = (event.get("queryStringParameters") or {}).get("how", "")
    if how == "refuse":
        return StreamedResponse.whole(404, {"content-type": "text/plain", "x-a": "b"}, b"no")
    if how == "fail":
        raise ValueError("secret")
    return StreamedResponse(200, {"content-type": "text/event-stream"}, body(how))
def body(how):
    print("first is made")
    yield "é 1;".encode()
    path, until = os.environ["MARK"], time.monotonic() + 20
    while not os.path.exists(path):
        assert time.monotonic() < until
        time.sleep(0.01)
    if how == "die":
        os._exit(3)
    if how == "break":
        raise ValueError("secret")
    yield b"2"
    open(path + ".end", "w").close()
"""


def archive() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        target.writestr("app.py", STREAMS)
        target.writestr("router/__init__.py", "")
        for path in PACKAGE.glob("*.*"):
            entry = zipfile.ZipInfo(f"router/lambda_stream/{path.name}")
            entry.external_attr = path.stat().st_mode << 16
            target.writestr(entry, path.read_bytes())
    return made.getvalue()


def function(lab: Any, mark: Path, **settings: Any) -> str:
    name: str = lab.name("stream")
    lab.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role="arn:aws:iam::000000000000:role/test",
        Handler="app.handler",
        Code={"ZipFile": archive()},
        Timeout=30,
        Environment={
            "Variables": {
                "AWS_LAMBDA_EXEC_WRAPPER": "/var/task/router/lambda_stream/start.sh",
                "MARK": str(mark),
            }
        },
        **settings,
    )
    return name


def document(name: str, **operation: Any) -> dict[str, Any]:
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/{arn}"
    integration = {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": f"{uri}/response-streaming-invocations",
        "responseTransferMode": "STREAM",
        "timeoutInMillis": 900_000,
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": "made", "version": "1"},
        "paths": {
            "/a/{id}": {
                "get": {
                    "parameters": [{"name": "id", "in": "path", "required": True}],
                    "responses": {},
                    "x-amazon-apigateway-integration": integration,
                    **operation,
                }
            }
        },
        "x-amazon-apigateway-gateway-responses": {
            kind: {
                "statusCode": status,
                "responseTemplates": {"application/json": json.dumps(kind)},
            }
            for kind, status in (("INTEGRATION_FAILURE", "502"), ("API_CONFIGURATION_ERROR", "429"))
        },
    }


def put(lab: Any, api: str, made: dict[str, Any]) -> None:
    client = lab.client("apigateway")
    client.put_rest_api(restApiId=api, mode="overwrite", body=json.dumps(made).encode())
    client.create_deployment(restApiId=api, stageName="v1")


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "mark"


@pytest.fixture
def api(lab: Any, mark: Path) -> str:
    made = lab.client("apigateway").create_rest_api(name=lab.name("api"))["id"]
    put(lab, made, document(function(lab, mark)))
    return str(made)


class Stream:
    """One answer, taken as it comes."""

    def __init__(self, lab: Any, api: str, how: str = "") -> None:
        address = lab.cloud.emulator_url.removeprefix("http://")
        self.connection = HTTPConnection(address, timeout=30)
        host = f"{api}.execute-api.localhost"
        self.connection.request("GET", f"/v1/a/7?how={how}", headers={"host": host})
        self.response = self.connection.getresponse()

    def part(self) -> bytes:
        return self.response.read1()


@pytest.fixture
def stream(lab: Any, api: str) -> Iterator[Any]:
    opened: list[Stream] = []

    def open_one(how: str = "") -> Stream:
        opened.append(Stream(lab, api, how))
        return opened[-1]

    yield open_one
    for each in opened:
        each.connection.close()


def test_the_first_part_arrives_before_the_second_is_made(stream: Any, mark: Path) -> None:
    answer = stream()

    assert answer.response.status == 200
    assert answer.response.headers["content-type"] == "text/event-stream"
    assert answer.part() == "é 1;".encode()
    mark.touch()
    assert answer.response.read() == b"2"


def test_an_answer_that_is_made_at_once_keeps_its_status_and_headers(stream: Any) -> None:
    answer = stream("refuse")

    assert (answer.response.status, answer.response.headers["x-a"]) == (404, "b")
    assert answer.response.read() == b"no"


def test_an_error_before_the_first_byte_is_the_gateways(stream: Any) -> None:
    answer = stream("fail")

    assert (answer.response.status, answer.response.read()) == (502, b'"INTEGRATION_FAILURE"')


@pytest.mark.parametrize("how", ["die", "break"])
def test_what_breaks_in_mid_stream_ends_the_answer_early(stream: Any, mark: Path, how: str) -> None:
    answer = stream(how)
    assert answer.part() == "é 1;".encode()
    mark.touch()

    with pytest.raises((IncompleteRead, HTTPException, ConnectionError)):
        answer.response.read()


def test_a_function_runs_to_its_end_when_its_caller_has_gone(
    lab: Any, stream: Any, mark: Path
) -> None:
    answer = stream()
    answer.part()
    answer.connection.close()
    mark.touch()

    lab.wait_for(lambda: mark.with_suffix(".end").exists())


def test_what_the_function_prints_is_in_its_log(
    lab: Any, stream: Any, api: str, mark: Path
) -> None:
    name = function(lab, mark)
    put(lab, api, document(name))
    mark.touch()
    stream().response.read()

    def logged() -> bool:
        events = lab.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")
        return any("first is made" in event["message"] for event in events["events"])

    lab.wait_for(logged)


def test_a_call_beyond_the_reserved_concurrency_is_the_gateways_429(
    lab: Any, stream: Any, mark: Path, api: str
) -> None:
    name = function(lab, mark)
    lab.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    put(lab, api, document(name))
    first = stream()
    first.part()

    refused = stream()

    assert (refused.response.status, refused.response.read()) == (429, b'"API_CONFIGURATION_ERROR"')
    mark.touch()
    assert first.response.read() == b"2"


def test_an_invoke_waits_for_the_whole_response(lab: Any, mark: Path) -> None:
    mark.touch()
    name = function(lab, mark)

    answer = lab.client("lambda").invoke(FunctionName=name, Payload=b"{}")

    assert json.loads(answer["Payload"].read())["body"] == "é 1;2"


def test_another_document_replaces_all_of_the_api_under_its_id(
    lab: Any, api: str, mark: Path
) -> None:
    client = lab.client("apigateway")
    client.create_resource(
        restApiId=api,
        parentId=client.get_resources(restApiId=api)["items"][0]["id"],
        pathPart="older",
    )
    made = document("any", security=[{"key": []}])
    made["paths"]["/b"] = made["paths"].pop("/a/{id}")
    made["components"] = {
        "securitySchemes": {"key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}
    }

    put(lab, api, made)

    resources = client.get_resources(restApiId=api, embed=["methods"])["items"]
    assert {each["path"] for each in resources} == {"/", "/b"}
    [resource] = [each["id"] for each in resources if each["path"] == "/b"]
    method = client.get_method(restApiId=api, resourceId=resource, httpMethod="GET")
    assert method["apiKeyRequired"] is True
    assert method["requestParameters"] == {"method.request.path.id": True}
    integration = method["methodIntegration"]
    assert (integration["timeoutInMillis"], integration["type"]) == (900_000, "AWS_PROXY")
    given = client.get_gateway_response(restApiId=api, responseType="INTEGRATION_FAILURE")
    assert given["statusCode"] == "502"


def test_an_authorizer_of_whole_requests_may_name_no_source(lab: Any, api: str) -> None:
    made = document("any", security=[{"either": []}])
    made["components"] = {
        "securitySchemes": {
            "either": {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "x-amazon-apigateway-authtype": "custom",
                "x-amazon-apigateway-authorizer": {
                    "type": "request",
                    "authorizerUri": "arn:any",
                    "authorizerResultTtlInSeconds": 0,
                },
            }
        }
    }

    put(lab, api, made)

    [authorizer] = lab.client("apigateway").get_authorizers(restApiId=api)["items"]
    assert (authorizer["type"], authorizer.get("identitySource", "")) == ("REQUEST", "")
    assert authorizer["authorizerResultTtlInSeconds"] == 0
