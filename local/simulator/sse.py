"""Server-sent events, as OpenAI and Anthropic send them."""

import json

from local.simulator.model import Json


def frame(data: Json | str, name: str | None = None) -> bytes:
    """One event; the text keeps its characters, as with the providers."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    event = f"event: {name}\n" if name else ""
    return f"{event}data: {text}\n\n".encode("utf-8", "backslashreplace")
