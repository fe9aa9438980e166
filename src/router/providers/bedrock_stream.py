"""Reads the events of ConverseStream. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from router.conversation.events import Delta
from router.encoding import mapping_of
from router.invocation.call import Answer, ModelCall
from router.providers.bedrock_converse import mode_served, read_converse
from router.providers.guardrail_trace import units_in
from router.providers.streamed import Streamed, number_of


class ConverseStream:
    """Gathers the body that Converse would have answered with.

    The usage comes in an event of its own behind the end of the answer.
    """

    def __init__(self, call: ModelCall) -> None:
        self._call = call
        self._streamed = Streamed()
        self._stop: Any = None
        self._last: Mapping[str, Any] = {}
        self.started = False

    @property
    def ended(self) -> bool:
        """See ``StreamReader``."""
        return self._stop is not None

    @property
    def facts(self) -> dict[str, Any]:
        """See ``StreamReader``."""
        usage = self._last.get("usage")
        return {
            "usage": usage if isinstance(usage, Mapping) and usage else None,
            "mode": mode_served(self._last, self._call),
            "guardrail_units": units_in(self._last.get("trace")) or None,
        }

    def pieces(self, event: Any) -> Iterator[Delta]:
        """See ``StreamReader``."""
        self.started = True
        for kind, given in mapping_of(event).items():
            body = mapping_of(given)
            # It counts blocks of all kinds, and is no number of a call.
            key = number_of(body.get("contentBlockIndex"))
            match kind:
                case "contentBlockStart":
                    used = mapping_of(mapping_of(body.get("start")).get("toolUse"))
                    if used and used.get("type") != "server_tool_use":
                        yield from self._called(key, used)
                case "contentBlockDelta":
                    yield from self._delta(key, mapping_of(body.get("delta")))
                case "contentBlockStop":
                    yield from self._streamed.proofs(key)
                case "messageStop":
                    self._stop = body.get("stopReason") or ""
                case "metadata":
                    self._last = body

    def _called(self, key: Any, used: Mapping[str, Any]) -> Iterator[Delta]:
        given = used.get("input")
        return self._streamed.called(key, used.get("toolUseId"), used.get("name"), given)

    def _delta(self, key: Any, delta: Mapping[str, Any]) -> Iterator[Delta]:
        yield from self._streamed.said(delta.get("text"))
        if key in self._streamed.calls:
            yield from self._called(key, mapping_of(delta.get("toolUse")))
        thought = mapping_of(delta.get("reasoningContent"))
        if thought:
            given = thought.get("signature"), thought.get("redactedContent")
            yield from self._streamed.thought(key, thought.get("text"), *given)

    def rest(self) -> Iterator[Delta]:
        """See ``StreamReader``."""
        return self._streamed.rest()

    def answer(self) -> Answer:
        """See ``StreamReader``."""
        body = {**self._last, "stopReason": self._stop}
        body["output"] = {"message": {"content": list(self._content())}}
        return self._streamed.finished(read_converse(body, self._call))

    def _content(self) -> Iterator[dict[str, Any]]:
        for thought in self._streamed.thoughts.values():
            if thought.redacted is not None:
                yield {"reasoningContent": {"redactedContent": thought.redacted}}
            else:
                text = {"text": thought.text.text, "signature": thought.signature}
                yield {"reasoningContent": {"reasoningText": text}}
        yield {"text": self._streamed.text.text}
        for call in self._streamed.calls.values():
            used = {"toolUseId": call.id, "name": call.name, "input": call.arguments.text}
            yield {"toolUse": used}
