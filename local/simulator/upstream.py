"""A real model behind the simulator: a server of OpenAI's chat completions, as LLM_BASE_URL names.

The wire formats, keys, faults and the log of calls stay the simulator's; text, tool calls and usage
are the real model's. If it sends no usage the answer has none: what is not known is not made up.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import requests

from local.simulator.deltas import Delta
from local.simulator.hashed_words import fitted
from local.simulator.model import Ask, Reply
from local.simulator.upstream_shape import body_of, deltas_of, reply_of

_READ_SECONDS = 240
_CONNECT_SECONDS = 5


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
    embedding_model: str = ""

    def reply(self, ask: Ask) -> Reply:
        """Ask the real model; raise UpstreamError if there is no answer."""
        if ask.embeds:
            return self._embedding(ask)
        answer = _call("POST", self._url, self.key, body_of(ask, self.model))
        try:
            return reply_of(answer)
        except (LookupError, TypeError, AttributeError) as error:
            raise UpstreamError(500, f"LLM_BASE_URL: not a chat completion: {error!r}") from None

    def stream(self, ask: Ask) -> Iterator[Delta]:
        """Ask the real model for a stream; raise UpstreamError if none begins, or if it breaks."""
        body = body_of(ask, self.model)
        body |= {"stream": True, "stream_options": {"include_usage": True}}
        response = _send("POST", self._url, self.key, body, stream=True)
        return _deltas(response)

    def _embedding(self, ask: Ask) -> Reply:
        """Have the server's own embedding model embed the text."""
        url = f"{self.base_url}/embeddings"
        answer = _call("POST", url, self.key, {"model": self.embedding_model, "input": ask.prompt})
        try:
            vector = [float(each) for each in answer["data"][0]["embedding"]]
            used = int(answer["usage"]["prompt_tokens"])
        except (LookupError, TypeError, ValueError) as error:
            raise UpstreamError(500, f"LLM_BASE_URL: not an embedding: {error!r}") from None
        if len(vector) > ask.embeds:
            raise UpstreamError(
                400,
                f"{self.embedding_model} makes {len(vector)} dimensions, the index has"
                f" {ask.embeds}: name another by LLM_EMBEDDING_MODEL",
            )
        return Reply(json.dumps(fitted(vector, ask.embeds)), "", used, 0, 0, "end")

    @property
    def _url(self) -> str:
        return f"{self.base_url}/chat/completions"


def configured(environment: Mapping[str, str] = os.environ) -> Upstream | None:
    """Return the model that LLM_BASE_URL, LLM_MODEL and LLM_API_KEY name; None without the first.

    Without LLM_MODEL the server's first model is taken. LLM_EMBEDDING_MODEL embeds, or the same
    model. Raises UpstreamError if the server has none.
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
    return Upstream(base_url, model, key, environment.get("LLM_EMBEDDING_MODEL") or model)


def _call(method: str, url: str, key: str, body: object = None) -> dict[str, Any]:
    answer = _send(method, url, key, body)
    try:
        found: dict[str, Any] = answer.json()
    except ValueError:
        raise UpstreamError(500, f"LLM_BASE_URL: {url} sent no JSON; does it end in /v1?") from None
    return found


def _send(
    method: str, url: str, key: str, body: object = None, *, stream: bool = False
) -> requests.Response:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    limits = (_CONNECT_SECONDS, _READ_SECONDS)
    try:
        answer = requests.request(
            method, url, json=body, headers=headers, timeout=limits, stream=stream
        )
    except requests.Timeout:
        raise UpstreamError(504, f"LLM_BASE_URL: {url} did not answer in time") from None
    except requests.RequestException as error:
        raise UpstreamError(503, f"LLM_BASE_URL: cannot reach {url}: {error}") from None
    if answer.status_code != 200:
        status = answer.status_code if answer.status_code in (400, 404, 429) else 500
        raise UpstreamError(status, f"LLM_BASE_URL: {answer.status_code}: {answer.text[:300]}")
    return answer


def _deltas(response: requests.Response) -> Iterator[Delta]:
    try:
        yield from deltas_of(_events(response))
    except requests.RequestException as error:
        raise UpstreamError(500, f"LLM_BASE_URL: the stream broke: {error}") from None
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise UpstreamError(500, f"LLM_BASE_URL: not a stream of chunks: {error!r}") from None
    finally:
        response.close()


def _events(response: requests.Response) -> Iterator[dict[str, Any]]:
    for line in response.iter_lines():
        if not line.startswith(b"data:"):
            continue
        data = line[5:].strip()
        if data == b"[DONE]":
            return
        event: dict[str, Any] = json.loads(data)
        if event.get("error"):
            raise UpstreamError(500, f"LLM_BASE_URL: {str(event['error'])[:300]}")
        yield event
