"""An integration in STREAM mode hands the function's response on chunk by chunk.

AWS: `responseTransferMode: STREAM` with the URI `…/response-streaming-invocations`: status and
headers go out with the function's first bytes, each chunk as it comes. What fails before them is
the gateway's error; afterwards the response ends early. The function runs to its end whether or not
its caller is still there.
MiniStack 1.5.33: does not know the mode, and takes the URI for a function's name.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.core.responses import StreamingResponse
from ministack.services import apigateway_v1

from local.emulator import response_stream
from local.emulator.patches.registry import replaces
from local.emulator.response_stream import ResponseStream
from local.emulator.runtime_api import Ended

_URI_END = "/response-streaming-invocations"
# The functions that still run; asyncio itself keeps no task alive.
_running: set[asyncio.Task[Any]] = set()


@replaces(apigateway_v1, "_extract_lambda_ref_from_integration_uri")
def function_of(original: Callable[[str], str], uri: str) -> str:
    """Read the streaming URI as well."""
    return original(uri.replace(_URI_END, "/invocations"))


@replaces(apigateway_v1, "_invoke_lambda_proxy_v1")
async def invoke_and_stream(
    original: Callable[..., Awaitable[Any]],
    integration: dict[str, Any],
    *where: Any,
    owner_account_id: str | None = None,
    owner_region: str | None = None,
    **caller: Any,
) -> Any:
    """Answer with the first bytes, while the function goes on."""
    if integration.get("responseTransferMode") != "STREAM":
        owner = {"owner_account_id": owner_account_id, "owner_region": owner_region}
        return await original(integration, *where, **owner, **caller)
    event = apigateway_v1._build_lambda_event_v1(*where, **caller)
    stream = ResponseStream()
    response_stream.current.set(stream)
    function = apigateway_v1._extract_lambda_ref_from_integration_uri(integration["uri"])
    call = asyncio.create_task(
        apigateway_v1._call_lambda_raw(
            function, event, account_id=owner_account_id, region=owner_region
        )
    )
    response_stream.current.set(None)
    _running.add(call)
    call.add_done_callback(_running.discard)
    first = asyncio.create_task(stream.take())
    await asyncio.wait({call, first}, return_when=asyncio.FIRST_COMPLETED)
    if not first.done() and not (await call)[1] and not _has_failed(call):
        await first  # the function has ended, and its first bytes are on their way
    if not first.done() or not isinstance(head := first.result(), dict):
        first.cancel()
        return _refused(*await call)
    headers = dict(head.get("headers") or {})
    return int(head["statusCode"]), headers, StreamingResponse(_sender(stream))


def _has_failed(call: "asyncio.Task[Any]") -> bool:
    result, _ = call.result()
    return bool(result.get("error") or result.get("throttle"))


def _refused(result: dict[str, Any] | None, unknown: str | None) -> Any:
    if unknown or result is None or result.get("throttle"):
        # Lambda did not take the call: there is no such function, or no room for it.
        return apigateway_v1._gw_error("API_CONFIGURATION_ERROR", "Internal server error")
    return apigateway_v1._gw_error("INTEGRATION_FAILURE", json.dumps(result.get("body")))


def _sender(stream: ResponseStream) -> Callable[..., Awaitable[None]]:
    async def send_all(send: Callable[..., Awaitable[None]], _receive: Any) -> None:
        while not isinstance(part := await stream.take(), Ended):
            await send({"type": "http.response.body", "body": part, "more_body": True})
        if part.error is None:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return send_all
