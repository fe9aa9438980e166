"""What Terraform's provider sends twice is done once, and answered twice.

AWS: –
MiniStack 1.5.33: does it twice, so that the second CreateRole is `EntityAlreadyExists` and the
apply fails. On loopback an answer can overtake the end of its request inside the Go client, which
then closes the connection and tries again: on a busy machine some ten times in a thousand. The
provider numbers its tries of one call; other SDKs' second tries are tries, as on AWS.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app as ministack

from local.emulator.patches import admin
from local.emulator.patches.admin import Receive, Scope, Send
from local.emulator.patches.registry import replaces

_KEPT = 512
_READS = ("GET", "HEAD")
_answers: OrderedDict[bytes, asyncio.Future[list[dict[str, Any]]]] = OrderedDict()


@replaces(ministack, "app", after=admin)
async def app(
    original: Callable[[Scope, Receive, Send], Awaitable[None]],
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Answer a second try of Terraform's with what the first was answered."""
    call = _call_of(scope)
    if call is None:
        await original(scope, receive, send)
    elif (answer := _answers.get(call)) and (messages := await answer):
        for message in messages:
            await send(message)
    else:
        await _answer(original, scope, receive, send, call)


async def _answer(
    original: Callable[[Scope, Receive, Send], Awaitable[None]],
    scope: Scope,
    receive: Receive,
    send: Send,
    call: bytes,
) -> None:
    kept = _answers[call] = asyncio.get_running_loop().create_future()
    while len(_answers) > _KEPT:
        _answers.popitem(last=False)
    messages: list[dict[str, Any]] = []

    async def keep(message: dict[str, Any]) -> None:
        messages.append(message)
        await send(message)

    try:
        await original(scope, receive, keep)
    finally:
        # A failure of the server's is tried again in earnest.
        kept.set_result(messages if messages and messages[0]["status"] < 500 else [])


def _call_of(scope: Scope) -> bytes | None:
    """Name the call that a request of Terraform's tries; None for what changes nothing."""
    if scope["type"] != "http" or scope["method"] in _READS:
        return None
    headers = dict(scope["headers"])
    if b"terraform-provider-aws" not in headers.get(b"user-agent", b""):
        return None
    call: bytes | None = headers.get(b"amz-sdk-invocation-id")
    return call
