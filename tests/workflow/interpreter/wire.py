"""The providers' wire formats, behind the SDKs that handlers use and behind the HTTP Task.

What a provider says is decided by the same rules, and worked out by the same pure code, as in the
provider simulator of the local cloud: a scenario's answers and token counts are the same under both
interpreters. There is no socket here, and no waiting: a scripted delay of more than `PATIENCE`
outlasts whatever time limit the caller has, any other takes no time.
"""

from __future__ import annotations

import http.client
import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import botocore.exceptions
import httpx2
from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session
from moto.core.botocore_stubber import MockRawResponse

from local.emulator.s3_vectors import Refused, S3Vectors
from local.simulator import answers
from local.simulator.anthropic import Anthropic
from local.simulator.bedrock import Bedrock
from local.simulator.embeddings import Embeddings
from local.simulator.model import Answered, Ask, Json, Provider, Reject, Request
from local.simulator.openai import ChatCompletions
from local.simulator.script import Action, Script
from tests.workflow.interpreter.data_source import DataSource

PATIENCE = 10.0
INDEX = "arn:aws:s3vectors:us-east-1:123456789012:bucket/vectors/index/chunks"
_AGENT = "bedrock-agent.us-east-1.amazonaws.com"
_HTML = b"<html><body>Bad Gateway</body></html>"
_PROVIDERS: Mapping[str, Sequence[Provider]] = {
    "bedrock-runtime.us-east-1.amazonaws.com": (Bedrock(), Embeddings()),
    "api.openai.com": (ChatCompletions(),),
    "api.anthropic.com": (Anthropic(),),
}


class TimedOut(Exception):
    """The answer takes longer than the caller waits."""


class Broken(Exception):
    """The connection broke: before the answer, or in its middle."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer as it crosses the wire; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def reason(self) -> str:
        return http.client.responses.get(self.status, "")


class Wire:
    """The providers, each under its own host. `asks` are the calls that reached one.

    `meanwhile` is called with the prompt of each call, before it is answered. `vectors` is S3
    Vectors, `jobs` are those of a Knowledge Base; `refusals` are what the two answer first.
    """

    def __init__(self) -> None:
        self.script = Script()
        self.asks: list[Ask] = []
        self.meanwhile: Callable[[Ask], None] = lambda _ask: None
        self.vectors = S3Vectors(account="123456789012")
        self.refusals: list[Refused] = []
        self.jobs = DataSource()
        self._lock = threading.Lock()

    def agent(self, method: str, path: str, body: bytes) -> HttpResponse:
        """Answer a call about the ingestion jobs of a data source."""
        try:
            if self.refusals:
                raise self.refusals.pop(0)
            return _json(200, self.jobs.answer(method, path, json.loads(body or b"{}")), {})
        except Refused as refused:
            headers = {"x-amzn-errortype": refused.name}
            return _json(refused.status, {"message": str(refused)}, headers)

    def create_index(self, dimension: int) -> None:
        """Create ``INDEX`` and its bucket, empty."""
        bucket, _, name = INDEX.partition(":bucket/")[2].partition("/index/")
        self.vectors.answer("CreateVectorBucket", {"vectorBucketName": bucket})
        self.vectors.answer(
            "CreateIndex",
            {
                "vectorBucketName": bucket,
                "indexName": name,
                "dataType": "float32",
                "dimension": dimension,
                "distanceMetric": "cosine",
            },
        )

    def _s3_vectors(self, operation: str, body: bytes) -> HttpResponse:
        try:
            if self.refusals:
                raise self.refusals.pop(0)
            return _json(200, self.vectors.answer(operation, json.loads(body)), {})
        except Refused as refused:
            headers = {"x-amzn-errortype": refused.name}
            return _json(refused.status, {"message": str(refused)}, headers)

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        """Answer a POST; raise `TimedOut` or `Broken` where the rules say so."""
        parts = urlsplit(url)
        if (parts.hostname or "").startswith("s3vectors."):
            return self._s3_vectors(parts.path.strip("/"), body)
        at_host = _PROVIDERS.get(parts.hostname or "", ())
        served = ((each, each.model_of(parts.path)) for each in at_host)
        provider, model = next(((each, it) for each, it in served if it is not None), (None, None))
        if provider is None or model is None:
            raise AssertionError(f"nobody is at {url}: no test leaves this process")
        request_id = str(uuid.uuid4())
        try:
            ask = provider.read(Request(model, json.loads(body), headers))
            with self._lock:
                self.asks.append(ask)
            self.meanwhile(ask)
            return self._done(provider, ask, self.script.action(provider.name, ask), request_id)
        except Reject as reject:
            reject.request_id = request_id
            extra = provider.headers(request_id, reject)
            return _json(reject.status, provider.error(reject), extra)

    def _done(self, provider: Provider, ask: Ask, action: Action, request_id: str) -> HttpResponse:
        if (action.delay_ms or 0) / 1000 > PATIENCE:
            raise TimedOut
        if action.fault in ("drop", "half"):
            raise Broken("the connection was closed before the answer was complete")
        extra = {**provider.headers(request_id, None), **action.headers}
        if action.fault == "html":
            headers = {**extra, "content-type": "text/html"}
            return HttpResponse(action.status or 502, headers, _HTML)
        if action.body is not None:
            text = action.body if isinstance(action.body, str) else json.dumps(action.body)
            headers = {**extra, "content-type": action.content_type}
            return HttpResponse(action.status or 200, headers, text.encode())
        if action.status is not None and action.status >= 400:
            raise provider.reject(action.status, action.code, action.message)
        reply = answers.reply(ask, text=action.text, ending=action.ending)
        return _json(200, _body(provider, Answered(ask, reply, request_id, 0), action), extra)


@contextmanager
def connected(wire: Wire) -> Iterator[None]:
    """Let boto3 and the providers' SDKs of this process reach the wire, and nothing else."""

    def botocore_send(_session: Any, request: Any) -> AWSResponse:
        try:
            if urlsplit(request.url).hostname == _AGENT:
                found = wire.agent(request.method, urlsplit(request.url).path, request.body or b"")
            else:
                found = wire.send(request.url, dict(request.headers), request.body or b"")
        except TimedOut as error:
            raise botocore.exceptions.ReadTimeoutError(endpoint_url=request.url) from error
        except Broken as error:
            raise botocore.exceptions.ConnectionClosedError(endpoint_url=request.url) from error
        raw: Any = MockRawResponse(found.body)
        return AWSResponse(request.url, found.status, dict(found.headers), raw)

    def httpx_send(_transport: Any, request: httpx2.Request) -> httpx2.Response:
        try:
            found = wire.send(str(request.url), dict(request.headers), request.read())
        except TimedOut as error:
            raise httpx2.ReadTimeout("read timed out", request=request) from error
        except Broken as error:
            raise httpx2.RemoteProtocolError(str(error), request=request) from error
        return httpx2.Response(
            found.status, headers=dict(found.headers), content=found.body, request=request
        )

    with (
        patch.object(URLLib3Session, "send", botocore_send),
        patch.object(httpx2.HTTPTransport, "handle_request", httpx_send),
    ):
        yield


def _json(status: int, body: Json, headers: Mapping[str, str]) -> HttpResponse:
    return HttpResponse(
        status, {"content-type": "application/json", **headers}, json.dumps(body).encode()
    )


def _body(provider: Provider, answered: Answered, action: Action) -> Json:
    body = provider.answer(answered)
    if action.fault == "empty":
        body = provider.without_content(body)
    if action.fault == "no_usage":
        body.pop("usage")
    if action.usage is not None:
        body["usage"] = {**body.get("usage", {}), **action.usage}
    return body
