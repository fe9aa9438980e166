"""Reads the chunks of a stream of OpenAI's chat completions. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from router import errors
from router.conversation.events import Delta
from router.encoding import first_of, mapping_of, text_of
from router.invocation.call import Answer, ModelCall
from router.providers.openai_chat import read_completion
from router.providers.replies import list_of
from router.providers.statuses import refusal, words
from router.providers.streamed import Streamed

_ERRORS: Mapping[str, type[errors.CallError]] = {
    "context_length_exceeded": errors.ContextTooLong,
    "invalid_request_error": errors.InvalidModelRequest,
    "rate_limit_exceeded": errors.Throttled,
    "insufficient_quota": errors.QuotaExhausted,
    "server_is_overloaded": errors.Overloaded,
    "slow_down": errors.Throttled,
}


def error_of_chunk(body: Any) -> errors.CallError:
    """Return the error in a stream, which comes with HTTP status 200."""
    given = mapping_of(body)
    code, kind = given.get("code"), given.get("type")
    known = (_ERRORS[word] for word in (code, kind) if isinstance(word, str) and word in _ERRORS)
    meant = next(known, errors.ModelError)
    return refusal("openai", meant, words(code, kind), code, kind, message=given.get("message"))


class ChatStream:
    """Gathers the completion that the API would have answered with.

    The usage comes in a chunk of its own without a choice, behind the end of the answer.
    """

    def __init__(self, call: ModelCall) -> None:
        self._call = call
        self._streamed = Streamed()
        self._refused = False
        self._stop: Any = None
        self._facts: dict[str, Any] = {}
        self._current: dict[int | None, int] = {}
        self.started = False

    @property
    def ended(self) -> bool:
        """See ``StreamReader``."""
        return self._stop is not None

    @property
    def facts(self) -> dict[str, Any]:
        """See ``StreamReader``."""
        return {
            "usage": self._facts.get("usage"),
            "response_model": text_of(self._facts.get("model")),
        }

    def pieces(self, event: Any) -> Iterator[Delta]:
        """See ``StreamReader``."""
        self.started = True
        chunk = mapping_of(event)
        for name in ("model", "service_tier"):
            if isinstance(chunk.get(name), str):
                self._facts[name] = chunk[name]
        if isinstance(usage := chunk.get("usage"), Mapping) and usage:
            self._facts["usage"] = usage
        choice = mapping_of(first_of(chunk.get("choices")))
        delta = mapping_of(choice.get("delta"))
        self._refused |= bool(delta.get("refusal"))
        yield from self._streamed.said(delta.get("content"))
        # What servers of OpenAI's shape add.
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        if isinstance(thought, str):
            yield from self._streamed.thought("", thought)
        for call in map(mapping_of, list_of(delta.get("tool_calls"))):
            yield from self._called(call)
        if choice.get("finish_reason") is not None:
            self._stop = choice["finish_reason"]

    def _called(self, call: Mapping[str, Any]) -> Iterator[Delta]:
        """Take a fragment of a call: only its first one has an id.

        Some servers give no index, and some count every call as 0.
        """
        index = call.get("index") if isinstance(call.get("index"), int) else None
        call_id = text_of(call.get("id"))
        key = self._current.get(index)
        if key is None or (call_id and self._streamed.calls[key].id not in ("", call_id)):
            key = len(self._streamed.calls)
        self._current |= {index: key, None: key}
        function = mapping_of(call.get("function"))
        yield from self._streamed.called(
            key, call_id, function.get("name"), function.get("arguments")
        )

    def rest(self) -> Iterator[Delta]:
        """See ``StreamReader``."""
        return self._streamed.rest()

    def answer(self) -> Answer:
        """See ``StreamReader``."""
        thoughts = "".join(thought.text.text for thought in self._streamed.thoughts.values())
        calls = [
            {"id": call.id, "function": {"name": call.name, "arguments": call.arguments.text}}
            for call in self._streamed.calls.values()
        ]
        message = {
            "content": self._streamed.text.text,
            "tool_calls": calls,
            "refusal": self._refused,
            "reasoning_content": thoughts,
        }
        body = {**self._facts, "choices": [{"message": message, "finish_reason": self._stop}]}
        return self._streamed.finished(read_completion(body, self._call.mode))
