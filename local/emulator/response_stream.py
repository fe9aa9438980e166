"""The way of a streamed response from the worker that makes it to whoever asked for it."""

import asyncio
from contextvars import ContextVar
from typing import Any

from local.emulator.runtime_api import Ended


class ResponseStream:
    """What a worker's thread puts in, and the emulator's event loop takes out.

    First status and headers, then the body's chunks, then how it ended.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._parts: asyncio.Queue[dict[str, Any] | bytes | Ended] = asyncio.Queue()

    def put(self, part: dict[str, Any] | bytes | Ended) -> None:
        """Hand a part on; from any thread."""
        self._loop.call_soon_threadsafe(self._parts.put_nowait, part)

    async def take(self) -> dict[str, Any] | bytes | Ended:
        """Wait for the next part."""
        return await self._parts.get()


# That of the invocation that this thread serves; an ordinary Invoke has none, and waits for it all.
current: ContextVar[ResponseStream | None] = ContextVar("response_stream", default=None)
