"""What every client of this folder is given: where to ask, what, and two tools."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

from pydantic import BaseModel

BASE_URL, KEY = os.environ["BASE_URL"], os.environ["KEY"]
called: list[str] = []


@dataclass(frozen=True)
class Ask:
    """One question; ``picture`` and ``report`` are a PNG and a PDF in base64."""

    prompt: str
    model: str = "auto"
    picture: str = ""
    report: str = ""

    @property
    def turns(self) -> list[dict]:
        return [{"role": "user", "content": self.prompt}]

    @property
    def picture_url(self) -> str:
        return f"data:image/png;base64,{self.picture}"

    @property
    def report_url(self) -> str:
        return f"data:application/pdf;base64,{self.report}"

    @property
    def picture_bytes(self) -> bytes:
        return base64.b64decode(self.picture)

    @property
    def report_bytes(self) -> bytes:
        return base64.b64decode(self.report)


class City(BaseModel):
    city: str


def get_weather(city: str) -> str:
    """The weather in a city."""
    called.append("get_weather")
    return f"get_weather of {city}: 18"


def get_time(city: str) -> str:
    """The time in a city."""
    called.append("get_time")
    return f"get_time of {city}: 18"


TOOLS: dict[str, Callable[[str], str]] = {"get_weather": get_weather, "get_time": get_time}
PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


def in_steps(pieces: AsyncIterator[str]) -> Iterator[str]:
    """Iterate over what a client gives asynchronously; closing it closes that."""
    with asyncio.Runner() as runner:
        try:
            while True:
                yield runner.run(anext(pieces))
        except StopAsyncIteration:
            return
        finally:
            runner.run(pieces.aclose())
