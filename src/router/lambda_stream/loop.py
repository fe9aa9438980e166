"""Takes events from the Runtime API, one after the other, and streams what the handler returns."""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from http.client import HTTPException
from importlib import import_module
from itertools import chain
from pathlib import PurePath
from typing import Any

from router.lambda_stream.beats import SILENCE_SECONDS, Beats
from router.lambda_stream.context import Context
from router.lambda_stream.response import StreamedResponse
from router.lambda_stream.runtime_api import ChunkedBody, RuntimeApi

Handler = Callable[[Any, Context], StreamedResponse]
# A front end waits for ever for the end of a body that has no byte.
_LEAST = b"\n"


def imported(name: str, api: RuntimeApi) -> Handler:
    """Return the handler ``module.function``; report why there is none, and raise it."""
    module, _, function = name.replace("/", ".").rpartition(".")
    try:
        handler: Handler = getattr(import_module(module), function)
    except Exception as error:
        api.refuse_to_start(described(error))
        raise
    return handler


def serve(handler: Handler, api: RuntimeApi) -> None:
    """Serve events until the process ends."""
    while True:
        serve_one(handler, api)


def serve_one(handler: Handler, api: RuntimeApi, silence: float = SILENCE_SECONDS) -> None:
    """Serve the next event; a response that is silent for so many seconds is kept open."""
    headers, event = api.next_event()
    context = Context.from_headers(headers)
    _trace(headers.get("lambda-runtime-trace-id"))
    try:
        response = handler(event, context)
        parts = (part for part in response.body if part)
        body = chain([next(parts, _LEAST)], parts)
    except Exception as error:
        _log(error, context)
        api.fail(context.aws_request_id, described(error))
        return
    _stream(response, body, api, context, silence)


def _stream(
    response: StreamedResponse,
    parts: Iterator[bytes],
    api: RuntimeApi,
    context: Context,
    silence: float,
) -> None:
    failure: Exception | None = None
    line = _Line(lambda: api.open(context.aws_request_id, response))
    beats = Beats(lambda: line.send(response.beat), silence)
    try:
        line.send(next(parts))
        if response.beat:
            beats.start()
        for part in parts:
            line.send(part)
            beats.sent()
    except Exception as error:
        failure = error
        _log(error, context)
    finally:
        beats.stop()
    line.end(described(failure) if failure else None)


class _Line:
    """The way to the caller. When it breaks, the body is made to its end, and nobody gets it.

    What a model still says is on the bill: its stream is read to its usage.
    """

    def __init__(self, begin: Callable[[], ChunkedBody]) -> None:
        self._begin = begin
        self._sending = threading.Lock()
        self._body: ChunkedBody | None = None
        self._is_cut = False

    def send(self, part: bytes) -> None:
        with self._sending:
            if self._is_cut:
                return
            try:
                if self._body is None:
                    self._body = self._begin()
                self._body.send(part)
            except OSError:
                self._cut()

    def end(self, error: dict[str, Any] | None) -> None:
        if self._is_cut or self._body is None:
            return
        try:
            self._body.end(error)
        except (OSError, HTTPException):
            self._cut()

    def _cut(self) -> None:
        self._is_cut = True
        if self._body is not None:
            self._body.close()


def described(error: Exception) -> dict[str, Any]:
    """Return an error in Lambda's shape; without its message, which may quote a prompt."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{PurePath(frame.filename).name}:{frame.lineno}"
    return {"errorType": type(error).__name__, "errorMessage": where, "stackTrace": []}


def _log(error: Exception, context: Context) -> None:
    known = described(error)
    line = {
        "level": "ERROR",
        "message": "the handler failed",
        "error": known["errorType"],
        "where": known["errorMessage"],
        "function_request_id": context.aws_request_id,
        "service": os.environ.get("POWERTOOLS_SERVICE_NAME", ""),
    }
    print(json.dumps(line), file=sys.stderr, flush=True)


def _trace(trace_id: str | None) -> None:
    """Let X-Ray and the SDKs go on with the trace of this event, and with no other's."""
    if trace_id:
        os.environ["_X_AMZN_TRACE_ID"] = trace_id
    else:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
