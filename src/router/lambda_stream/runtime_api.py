"""A client of Lambda's Runtime API that sends a response in chunks.

docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html: the response's first bytes are JSON with
status and headers, then eight NUL bytes, then the body. An error in mid-stream is two trailers.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any

from router.lambda_stream.response import StreamedResponse

_BASE = "/2018-06-01/runtime"
_END_OF_PRELUDE = b"\0" * 8
_ERROR_TYPE, _ERROR_BODY = (
    "Lambda-Runtime-Function-Error-Type",
    "Lambda-Runtime-Function-Error-Body",
)


class RuntimeApi:
    """The Runtime API at ``address``; one event after the other."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._events = HTTPConnection(address)

    def next_event(self) -> tuple[Mapping[str, str], Any]:
        """Wait for an event; return what describes it, by header in lower case, and the event."""
        self._events.request("GET", f"{_BASE}/invocation/next")
        response = self._events.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return headers, json.loads(response.read())

    def refuse_to_start(self, error: dict[str, Any]) -> None:
        """Report that the handler cannot be imported."""
        self._report(f"{_BASE}/init/error", error)

    def fail(self, request_id: str, error: dict[str, Any]) -> None:
        """Report an error of which the caller has seen nothing."""
        self._report(f"{_BASE}/invocation/{request_id}/error", error)

    def open(self, request_id: str, response: StreamedResponse) -> ChunkedBody:
        """Begin a response: its status and headers are sent with the first chunk."""
        prelude = {"statusCode": response.status, "headers": dict(response.headers)}
        path = f"{_BASE}/invocation/{request_id}/response"
        return ChunkedBody(self._address, path, json.dumps(prelude).encode() + _END_OF_PRELUDE)

    def close(self) -> None:
        """Take no more events."""
        self._events.close()

    def _report(self, path: str, error: dict[str, Any]) -> None:
        connection = HTTPConnection(self._address)
        kind = {_ERROR_TYPE: error["errorType"]}
        connection.request("POST", path, json.dumps(error), kind)
        connection.getresponse().read()
        connection.close()


class ChunkedBody:
    """One response under way, on a connection of its own, which ends with it."""

    def __init__(self, address: str, path: str, prelude: bytes) -> None:
        self._connection = HTTPConnection(address)
        self._connection.putrequest("POST", path)
        for name, value in (
            ("Lambda-Runtime-Function-Response-Mode", "streaming"),
            ("Content-Type", "application/vnd.awslambda.http-integration-response"),
            ("Transfer-Encoding", "chunked"),
            ("Trailer", f"{_ERROR_TYPE}, {_ERROR_BODY}"),
        ):
            self._connection.putheader(name, value)
        self._connection.endheaders()
        self.send(prelude)

    def send(self, chunk: bytes) -> None:
        """Send bytes; none at all would end the body."""
        if chunk:
            self._connection.send(b"%x\r\n%s\r\n" % (len(chunk), chunk))

    def end(self, error: dict[str, Any] | None = None) -> None:
        """End the response, with an error if its body broke off; raise ``OSError`` if refused."""
        trailers = ""
        if error is not None:
            told = base64.b64encode(json.dumps(error).encode()).decode()
            trailers = f"{_ERROR_TYPE}: {error['errorType']}\r\n{_ERROR_BODY}: {told}\r\n"
        self._connection.send(f"0\r\n{trailers}\r\n".encode())
        response = self._connection.getresponse()
        response.read()
        self.close()
        if response.status >= 300:
            raise OSError(f"the Runtime API answers {response.status}")

    def close(self) -> None:
        """Give the connection up."""
        self._connection.close()
