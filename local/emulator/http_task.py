"""Builds and sends the request of an HTTP Task, by the rules Step Functions documents."""

import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from local import cloud_time

MAX_BYTES = 262_144
_METHODS = {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"}
# Headers a task may not set; AWS refuses the task at run time.
_FORBIDDEN = {
    "a-im", "accept-charset", "accept-datetime", "accept-encoding", "authorization",
    "cache-control", "connection", "content-encoding", "content-md5", "date", "expect",
    "forwarded", "from", "host", "http2-settings", "if-match", "if-modified-since",
    "if-none-match", "if-range", "if-unmodified-since", "max-forwards", "origin", "pragma",
    "proxy-authorization", "referer", "server", "te", "trailer", "transfer-encoding", "upgrade",
    "via", "warning",
}  # fmt: skip
CAUSES = ("body", "status_text", "response")
"""AWS does not document the Cause; one user saw the status text alone, emulators give the body, or
the whole response as JSON."""
_MOST_OF_A_CAUSE = 32_768
_BINARY = ("application/octet-stream", "image/", "video/", "audio/")


class TaskError(Exception):
    """An error under the name that Retry and Catch match."""

    def __init__(self, name: str, cause: str) -> None:
        super().__init__(f"{name}: {cause}")
        self.name = name
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Connection:
    """What the connection contributes; each value overrides the task's under the same key."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A request ready to be sent."""

    url: SplitResult
    method: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)


def build(arguments: Mapping[str, Any], connection: Connection, *, region: str) -> Call:
    """Merge the task's arguments with the connection's parameters."""
    url = _endpoint(arguments.get("ApiEndpoint"))
    method = arguments.get("Method")
    if method not in _METHODS:
        raise TaskError("States.Runtime", f"Method must be one of {', '.join(sorted(_METHODS))}")
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    query.update(arguments.get("QueryParameters") or {})
    query.update(connection.query)
    headers = _headers(arguments.get("Headers") or {})
    body = arguments.get("RequestBody")
    if connection.body and isinstance(body, str):
        raise TaskError(
            "States.Runtime", "A string RequestBody cannot be merged with the connection's body"
        )
    if connection.body:
        body = {**(body if isinstance(body, dict) else {}), **connection.body}
    data = _encode(body, headers, arguments.get("Transform") or {})
    headers.setdefault("content-type", "application/json")
    headers.update({name.lower(): value for name, value in connection.headers.items()})
    headers["user-agent"] = f"Amazon|StepFunctions|HttpInvoke|{region}"
    headers["range"] = f"bytes=0-{MAX_BYTES}"
    return Call(url._replace(query=urlencode(query, doseq=True)), method, headers, data)


def send(call: Call, *, seconds: float, cause_is: str = "body") -> dict[str, Any]:
    """Send the request once and answer the task's result; redirects are not followed.

    `cause_is` is what the Cause of an error status holds: see `CAUSES`.
    """
    secure = call.url.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(call.url.hostname or "", call.url.port, timeout=seconds)
    connection._create_connection = _connect  # type: ignore[attr-defined]
    target = (call.url.path or "/") + (f"?{call.url.query}" if call.url.query else "")
    deadline = cloud_time.now() + seconds
    try:
        connection.request(call.method, target, body=call.body, headers=dict(call.headers))
        response = connection.getresponse()
        body = _read(response, connection, deadline)
    except (OSError, http.client.HTTPException) as error:
        raise TaskError("States.Http.Socket", f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()
    headers: dict[str, list[str]] = {}
    for name, value in response.getheaders():
        headers.setdefault(name.lower(), []).append(value)
    answer = {
        "ResponseBody": _decode(body, response.getheader("content-type", "")),
        "Headers": headers,
        "StatusCode": response.status,
        "StatusText": response.reason,
    }
    if not 200 <= response.status < 300:
        cause = {"body": body.decode(), "status_text": response.reason}.get(cause_is)
        text = json.dumps(answer, ensure_ascii=False) if cause is None else cause
        raise TaskError(f"States.Http.StatusCode.{response.status}", text[:_MOST_OF_A_CAUSE])
    return answer


def _connect(*arguments: Any, **options: Any) -> socket.socket:
    connection = socket.create_connection(*arguments, **options)
    patient = cloud_time.PatientSocket(fileno=connection.fileno())
    patient.settimeout(connection.gettimeout())
    connection.detach()
    return patient


def _read(
    response: http.client.HTTPResponse, connection: http.client.HTTPConnection, deadline: float
) -> bytes:
    """Read the body within the deadline: a socket's own time-out restarts with each byte."""
    body = b""
    while True:
        remaining = deadline - cloud_time.now()
        if remaining <= 0:
            raise TimeoutError("the endpoint did not finish its answer in time")
        if connection.sock is not None:
            connection.sock.settimeout(remaining)
        part = response.read1(65_536)
        if not part:
            break
        body += part
        if len(body) > MAX_BYTES:
            raise TaskError(
                "States.DataLimitExceeded",
                "The HTTP response exceeds the maximum number of bytes service limit",
            )
    expected = response.getheader("content-length")
    if expected is not None and len(body) < int(expected):
        raise http.client.IncompleteRead(body, int(expected) - len(body))
    return body


def _endpoint(value: Any) -> SplitResult:
    url = urlsplit(value if isinstance(value, str) else "")
    if url.hostname and (url.scheme == "https" or (url.scheme == "http" and _is_loopback(url))):
        return url
    raise TaskError("States.Runtime", f"ApiEndpoint must be an https:// URL, got {value!r}")


def _is_loopback(url: SplitResult) -> bool:
    try:
        return ip_address(url.hostname or "").is_loopback
    except ValueError:
        return url.hostname == "localhost"


def _headers(given: Mapping[str, Any]) -> dict[str, str]:
    headers = {}
    for name, value in given.items():
        key = name.lower()
        if key in _FORBIDDEN or key.startswith(("x-amz-", "x-amzn-", "x-forwarded-")):
            raise TaskError("States.Runtime", f"Header {name} is not allowed in an HTTP Task")
        headers[key] = ",".join(value) if isinstance(value, list) else str(value)
    return headers


def _encode(body: Any, headers: Mapping[str, str], transform: Mapping[str, Any]) -> bytes | None:
    if body is None:
        return None
    if transform.get("RequestBodyEncoding") == "URL_ENCODED":
        return urlencode(body, doseq=True).encode()
    if isinstance(body, str) and "json" not in headers.get("content-type", "json"):
        return body.encode()
    return json.dumps(body, ensure_ascii=False).encode()


def _decode(body: bytes, content_type: str) -> Any:
    if content_type.startswith(_BINARY):
        raise TaskError("States.Runtime", f"The response's type {content_type} is not supported")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise TaskError("States.Runtime", f"The response cannot be decoded: {error}") from error
    if "json" not in content_type:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
