"""A real model behind the simulator: a server of OpenAI's chat completions, as LLM_BASE_URL names.

The wire formats, keys, faults and the log of calls stay the simulator's; text and usage are the
real model's. If it sends no usage the answer has none: what is not known is not made up.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from local.simulator.model import Ask, Ending, Reply

_READ_SECONDS = 240
_CONNECT_SECONDS = 5
_ENDINGS: dict[str, Ending] = {"length": "length", "content_filter": "filter"}


class UpstreamError(Exception):
    """The server did not answer as it should; `status` is what a provider would say for it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Upstream:
    """One model of one server; `base_url` ends before `/chat/completions`."""

    base_url: str
    model: str
    key: str

    def reply(self, ask: Ask) -> Reply:
        """Ask the real model; raise UpstreamError if there is no answer."""
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": role, "content": text} for role, text in ask.turns],
        }
        if ask.max_tokens is not None:
            body["max_tokens"] = ask.max_tokens
        if ask.schema is not None:
            schema = {"name": "answer", "schema": ask.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return _reply(_call("POST", f"{self.base_url}/chat/completions", self.key, body))


def configured(environment: Mapping[str, str] = os.environ) -> Upstream | None:
    """Return the model that LLM_BASE_URL, LLM_MODEL and LLM_API_KEY name; None without the first.

    Without LLM_MODEL the server's first model is taken. Raises UpstreamError if it has none.
    """
    base_url = environment.get("LLM_BASE_URL", "").rstrip("/")
    if not base_url:
        return None
    key = environment.get("LLM_API_KEY", "")
    model = environment.get("LLM_MODEL", "")
    if not model:
        models = _call("GET", f"{base_url}/models", key).get("data")
        if not models:
            raise UpstreamError(502, f"{base_url} has no models: name one with LLM_MODEL")
        model = str(models[0]["id"])
    return Upstream(base_url, model, key)


def _call(method: str, url: str, key: str, body: object = None) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    try:
        answer = requests.request(
            method, url, json=body, headers=headers, timeout=(_CONNECT_SECONDS, _READ_SECONDS)
        )
    except requests.Timeout:
        raise UpstreamError(504, f"LLM_BASE_URL: {url} did not answer in time") from None
    except requests.RequestException as error:
        raise UpstreamError(503, f"LLM_BASE_URL: cannot reach {url}: {error}") from None
    if answer.status_code != 200:
        status = answer.status_code if answer.status_code in (400, 404, 429) else 500
        raise UpstreamError(status, f"LLM_BASE_URL: {answer.status_code}: {answer.text[:300]}")
    try:
        found: dict[str, Any] = answer.json()
    except ValueError:
        raise UpstreamError(500, f"LLM_BASE_URL: {url} sent no JSON; does it end in /v1?") from None
    return found


def _reply(body: Mapping[str, Any]) -> Reply:
    try:
        choice = body["choices"][0]
        message = choice["message"]
        usage = body.get("usage") or {}
        details = usage.get("completion_tokens_details") or {}
        ending = _ENDINGS.get(choice.get("finish_reason") or "", "end")
        return Reply(
            text=message.get("content") or "",
            thinking="",
            input_tokens=usage.get("prompt_tokens", 0),
            output_tokens=usage.get("completion_tokens", 0),
            thinking_tokens=details.get("reasoning_tokens") or 0,
            ending="refusal" if message.get("refusal") else ending,
            usage_known="prompt_tokens" in usage and "completion_tokens" in usage,
        )
    except (LookupError, TypeError, AttributeError) as error:
        raise UpstreamError(500, f"LLM_BASE_URL: not a chat completion: {error!r}") from None
