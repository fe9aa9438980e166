"""The HTTP Task behaves as Step Functions documents it."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.support.patience import HANGS_SECONDS

CATCH = [{"ErrorEquals": ["States.ALL"], "Next": "Caught", "Output": "{% $states.errorOutput %}"}]


class Endpoint(ThreadingHTTPServer):
    """Answers by path; keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict[str, Any]] = []
        self.let_go = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.asked.append(
            {"path": self.path, "headers": dict(self.headers), "body": body.decode()}
        )
        path = self.path.split("?")[0]
        if path == "/slow":
            self.server.let_go.wait(HANGS_SECONDS)
            self.close_connection = True
            return
        if path == "/cut":
            self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
            self.close_connection = True
            return
        status, kind, answer = {
            "/ok": (200, "application/json", b'{"n": 1}'),
            "/text": (200, "text/plain", b"plain"),
            "/busy": (429, "application/json", b'{"error": "slow down"}'),
            "/moved": (302, "text/plain", b"elsewhere"),
            "/big": (200, "text/plain", b"x" * 262_145),
            "/binary": (200, "application/octet-stream", b"\x00"),
            "/image": (200, "image/png", b"text"),
            "/broken": (502, "application/octet-stream", b"down"),
            "/undecodable": (200, "application/json", b"\xff\xfe"),
        }[path]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("X-Twice", "a")
        self.send_header("X-Twice", "b")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    server = Endpoint()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.let_go.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def connection(lab: Any) -> str:
    return make_connection(lab)


def make_connection(lab: Any, **more: Any) -> str:
    answer = lab.client("events").create_connection(
        Name=lab.name("connection"),
        AuthorizationType="API_KEY",
        AuthParameters={
            "ApiKeyAuthParameters": {"ApiKeyName": "Authorization", "ApiKeyValue": "Bearer sk-1"},
            **more,
        },
    )
    return str(answer["ConnectionArn"])


def call(url: str, connection: str, **arguments: Any) -> dict[str, Any]:
    return {
        "Call": {
            "Type": "Task",
            "Resource": "arn:aws:states:::http:invoke",
            "Arguments": {
                "ApiEndpoint": url,
                "Method": "POST",
                "InvocationConfig": {"ConnectionArn": connection},
                **arguments,
            },
            "Catch": CATCH,
            "End": True,
        },
        "Caught": {"Type": "Succeed"},
    }


def test_answer_is_parsed_and_headers_are_lists(
    lab: Any, endpoint: Endpoint, connection: str
) -> None:
    answer = lab.output(call(endpoint.url + "/ok", connection))

    assert answer["ResponseBody"] == {"n": 1}
    assert (answer["StatusCode"], answer["StatusText"]) == (200, "OK")
    assert answer["Headers"]["x-twice"] == ["a", "b"]


def test_text_answer_stays_text(lab: Any, endpoint: Endpoint, connection: str) -> None:
    assert lab.output(call(endpoint.url + "/text", connection))["ResponseBody"] == "plain"


def test_request_carries_the_connections_key_and_step_functions_headers(
    lab: Any, endpoint: Endpoint, connection: str
) -> None:
    body = {"text": '{% "é $.x {}" %}'}
    lab.output(call(endpoint.url + "/ok", connection, RequestBody=body))

    headers = {name.lower(): value for name, value in endpoint.asked[0]["headers"].items()}
    assert headers["authorization"] == "Bearer sk-1"
    assert headers["user-agent"] == "Amazon|StepFunctions|HttpInvoke|us-east-1"
    assert headers["range"] == "bytes=0-262144"
    assert headers["content-type"] == "application/json"
    assert json.loads(endpoint.asked[0]["body"]) == {"text": "é $.x {}"}


def test_connection_overrides_the_tasks_headers_query_and_body(
    lab: Any, endpoint: Endpoint
) -> None:
    def fixed(key: str) -> list[dict[str, Any]]:
        return [{"Key": key, "Value": "connection", "IsValueSecret": False}]

    connection = make_connection(
        lab,
        InvocationHttpParameters={
            "HeaderParameters": fixed("X-Who"),
            "QueryStringParameters": fixed("who"),
            "BodyParameters": fixed("who"),
        },
    )
    task = {"who": "task", "kept": "task"}
    lab.output(
        call(
            endpoint.url + "/ok",
            connection,
            Headers={"X-Who": "task"},
            QueryParameters=task,
            RequestBody=task,
        )
    )

    asked = endpoint.asked[0]
    assert asked["headers"]["x-who"] == "connection"
    assert asked["path"] == "/ok?who=connection&kept=task"
    assert json.loads(asked["body"]) == {"who": "connection", "kept": "task"}


def test_older_authentication_field_names_the_connection_too(
    lab: Any, endpoint: Endpoint, connection: str
) -> None:
    states = call(endpoint.url + "/ok", connection)
    arguments = states["Call"]["Arguments"]
    arguments["Authentication"] = arguments.pop("InvocationConfig")

    assert lab.output(states)["StatusCode"] == 200


@pytest.mark.parametrize(
    ("path", "error", "cause"),
    [
        ("/busy", "States.Http.StatusCode.429", '{"error": "slow down"}'),
        ("/moved", "States.Http.StatusCode.302", "elsewhere"),
        ("/slow", "States.Http.Socket", ""),
        ("/cut", "States.Http.Socket", ""),
    ],
)
def test_failure_is_caught_under_awss_name(
    lab: Any, endpoint: Endpoint, connection: str, path: str, error: str, cause: str
) -> None:
    caught = lab.output(call(endpoint.url + path, connection))

    assert caught["Error"] == error
    assert cause in caught["Cause"]
    assert len(endpoint.asked) == 1


def test_cause_of_a_status_is_what_was_chosen(
    lab: Any, endpoint: Endpoint, connection: str
) -> None:
    causes = {}
    for kind in ("status_text", "response", "body"):
        lab.control("http_cause", **{"is": kind})
        causes[kind] = lab.output(call(endpoint.url + "/busy", connection))["Cause"]

    whole = json.loads(causes["response"])
    assert causes["status_text"] == "Too Many Requests"
    assert causes["body"] == '{"error": "slow down"}'
    assert whole.keys() == {"ResponseBody", "Headers", "StatusCode", "StatusText"}
    assert (whole["StatusCode"], whole["ResponseBody"]) == (429, {"error": "slow down"})


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/big", "States.DataLimitExceeded"),
        ("/binary", "States.Runtime"),
        ("/image", "States.Runtime"),
        ("/broken", "States.Runtime"),
        ("/undecodable", "States.Runtime"),
    ],
)
def test_answer_that_cannot_be_taken_ends_the_run_uncaught(
    lab: Any, endpoint: Endpoint, connection: str, path: str, error: str
) -> None:
    ended = lab.run(call(endpoint.url + path, connection))

    assert (ended["status"], ended["error"]) == ("FAILED", error)


def test_connection_that_is_gone_or_not_authorized_is_named(lab: Any, endpoint: Endpoint) -> None:
    gone = "arn:aws:events:us-east-1:000000000000:connection/none/1"
    idle = make_connection(lab)
    lab.client("events").deauthorize_connection(Name=idle.split("/")[1])

    errors = [lab.output(call(endpoint.url + "/ok", arn))["Error"] for arn in (gone, idle)]

    assert errors == [
        "Events.ConnectionResource.ResourceNotFound",
        "Events.ConnectionResource.InvalidConnectionState",
    ]
    assert endpoint.asked == []


@pytest.mark.parametrize("url", ["http://api.example.com/v1", "ftp://127.0.0.1/x", "nonsense"])
def test_plain_http_is_refused_off_loopback(lab: Any, connection: str, url: str) -> None:
    ended = lab.run(call(url, connection))

    assert ended["error"] == "States.Runtime"
    assert "https://" in ended["cause"]


@pytest.mark.parametrize("name", ["Authorization", "X-Amzn-Trace-Id", "x-forwarded-for"])
def test_forbidden_header_is_refused(
    lab: Any, endpoint: Endpoint, connection: str, name: str
) -> None:
    ended = lab.run(call(endpoint.url + "/ok", connection, Headers={name: "mine"}))

    assert ended["error"] == "States.Runtime"
    assert endpoint.asked == []


def test_text_body_cannot_take_the_connections_body(lab: Any, endpoint: Endpoint) -> None:
    fixed = {"BodyParameters": [{"Key": "k", "Value": "v", "IsValueSecret": False}]}
    connection = make_connection(lab, InvocationHttpParameters=fixed)

    ended = lab.run(call(endpoint.url + "/ok", connection, RequestBody="text"))

    assert ended["error"] == "States.Runtime"
    assert endpoint.asked == []
