"""A WebSocket API: its subprotocol, its sizes, its function's failures, its address."""

import json
from collections.abc import Callable

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.local_patches.conftest import Lab
from tests.support.sockets import Refused, Socket

# Chooses a subprotocol; answers a frame by the frame itself, through the API's own address.
CODE = """
import boto3, json, os

def handler(event, context):
    at = event["requestContext"]
    if at["eventType"] == "CONNECT":
        offered = event["headers"].get("sec-websocket-protocol", "")
        if "fail" in offered:
            raise RuntimeError("no")
        return {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": offered.split(",")[0]}}
    if at["eventType"] == "MESSAGE":
        if event["body"] == '{"fail": true}':
            raise RuntimeError("no")
        gateway = boto3.client("apigatewaymanagementapi")
        seen = {"length": len(event["body"]), "endpoint": gateway.meta.endpoint_url}
        gateway.post_to_connection(ConnectionId=at["connectionId"], Data=json.dumps(seen).encode())
    return {"statusCode": 200}
"""
MOST = 128 * 1024


@pytest.fixture(scope="module")
def api(lab: Lab) -> str:
    """The id of an API whose function posts to its connections."""
    gateway = lab.client("apigatewayv2")
    made = gateway.create_api(
        Name=lab.name("sockets"),
        ProtocolType="WEBSOCKET",
        RouteSelectionExpression="$request.body.action",
    )["ApiId"]
    address = f"https://{made}.execute-api.us-east-1.amazonaws.com/v1"
    name = lab.function(
        CODE, Environment={"Variables": {"AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": address}}
    )
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    integration = gateway.create_integration(
        ApiId=made,
        IntegrationType="AWS_PROXY",
        IntegrationUri=(
            f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
        ),
    )["IntegrationId"]
    for route in ("$connect", "$disconnect", "$default"):
        gateway.create_route(ApiId=made, RouteKey=route, Target=f"integrations/{integration}")
    gateway.create_stage(ApiId=made, StageName="v1", AutoDeploy=True)
    return str(made)


@pytest.fixture
def connect(lab: Lab, api: str) -> Callable[..., Socket]:
    host = lab.cloud.emulator_url.removeprefix("http://")
    return lambda *offered: Socket(f"ws://{host}/_aws/execute-api/{api}/v1", {}, offered)


def test_the_functions_subprotocol_is_the_clients(connect: Callable[..., Socket]) -> None:
    with connect("chat", "key") as connection:
        assert connection.subprotocol == "chat"


def test_a_function_finds_the_api_at_the_emulator_by_its_address_on_aws(
    lab: Lab, api: str, connect: Callable[..., Socket]
) -> None:
    with connect() as connection:
        connection.send({"action": "any"})
        seen = connection.receive()

    assert seen["endpoint"] == f"{lab.cloud.emulator_url}/_aws/execute-api/{api}/v1"


def test_a_function_that_fails_refuses_the_connection_and_costs_a_message_itself(
    connect: Callable[..., Socket],
) -> None:
    with pytest.raises(Refused):
        connect("fail")
    with connect() as connection:
        connection.send({"fail": True})
        assert connection.receive()["message"] == "Internal server error"
        connection.send({})
        assert connection.receive()["length"] == 2


def test_a_message_has_128_kilobytes_in_either_direction(
    lab: Lab, api: str, connect: Callable[..., Socket]
) -> None:
    with connect() as connection:
        connection.send("x" * MOST)
        assert connection.receive()["length"] == MOST
        connection.send("x" * (MOST + 1))
        with pytest.raises(EOFError, match="1009"):
            connection.receive()


def test_a_message_for_a_client_has_128_kilobytes(
    lab: Lab, api: str, connect: Callable[..., Socket]
) -> None:
    gateway = lab._session.client(
        "apigatewaymanagementapi",
        endpoint_url=f"{lab.cloud.emulator_url}/_aws/execute-api/{api}/v1",
        config=Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(ClientError, match="PayloadTooLargeException"):
        gateway.post_to_connection(ConnectionId="any", Data=json.dumps("x" * MOST).encode())
    with pytest.raises(ClientError, match="GoneException"):
        gateway.post_to_connection(ConnectionId="any", Data=b"{}")


def test_an_authorizer_has_nothing_of_those_of_http_apis(lab: Lab, api: str) -> None:
    gateway = lab.client("apigatewayv2")
    made = gateway.create_authorizer(
        ApiId=api,
        Name="keys",
        AuthorizerType="REQUEST",
        AuthorizerUri="arn:aws:apigateway:us-east-1:lambda:path/x/invocations",
        IdentitySource=["route.request.header.Host"],
    )

    found = gateway.get_authorizer(ApiId=api, AuthorizerId=made["AuthorizerId"])

    for answer in (made, found):
        assert not answer.keys() & {"AuthorizerPayloadFormatVersion", "JwtConfiguration"}
