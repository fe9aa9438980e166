"""Sends an answer as it is written, in the events of a protocol.

Nothing is sent before a model has begun: until then another may be asked, and a failure is an
ordinary status. Afterwards a failure is an event of the protocol, and never a normal end.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping

from cost_calculator.row_keys import request_id_of
from router.conversation.events import Begun, Delta
from router.conversation.heard import Heard
from router.ingress.api.errors import ApiError, told_of
from router.ingress.protocols.registry import Stream
from router.ingress.protocols.reply import WITHHELD, Reply, reply_of
from router.ingress.protocols.sse import comment
from router.invocation.call import Answer
from router.invocation.pieces import pieces_of
from router.runner.direct import Ending

Parts = Generator[Begun | Delta, None, Ending]
_BROKEN = ApiError("ModelError", "the model broke off: what came so far is not the whole answer")


def of_run(
    parts: Parts,
    stream: Stream,
    gateway_request_id: str,
    headers: Callable[[], Mapping[str, str]],
    note: Callable[[ApiError], None],
) -> Iterator[bytes]:
    """Yield the events of a run whose model has begun; ``headers`` has its cost once it ended.

    Whoever reads must read to the end, also when the caller has gone: only the end has the usage.
    """
    heard = Heard()
    yield from stream.start()
    try:
        while True:
            part = next(parts)
            if not isinstance(part, Begun):
                heard.add(part)
                yield from stream.piece(part)
    except StopIteration as end:
        ending: Ending = end.value
    except Exception as error:
        note(known := told_of(error))
        yield from stream.error(known.body(gateway_request_id))
        return
    if ending.outcome is None and ending.closing.request["status"] in WITHHELD:
        yield from _ended(stream, _withheld(ending), headers())
        return
    if ending.outcome is None:
        note(_BROKEN)
        yield from stream.error(_BROKEN.body(gateway_request_id))
        return
    said = heard.said
    outcome = {**ending.outcome, "output": said.text, **said.beside_text}
    yield from _ended(stream, reply_of(outcome, outcome["attempts"]), headers())


def _withheld(ending: Ending) -> Reply:
    """Return the end of an answer that its model, a filter or a guardrail broke off."""
    closing = ending.closing
    shown = {**closing.request, "request_id": request_id_of(closing.request_id)}
    return reply_of(shown, closing.attempts)


def of_reply(reply: Reply, stream: Stream, headers: Mapping[str, str]) -> Iterator[bytes]:
    """Yield the events of an answer that is known as a whole: each of its parts is one piece."""
    yield from stream.start()
    for piece in pieces_of(Answer("", False, None, None).saying(reply.said)):
        if isinstance(piece, Delta):
            yield from stream.piece(piece)
    yield from _ended(stream, reply, headers)


def _ended(stream: Stream, reply: Reply, headers: Mapping[str, str]) -> Iterator[bytes]:
    for name in ("x-faregate-model", "x-faregate-cost-usd"):
        if name in headers:
            yield comment(f"{name}: {headers[name]}")
    yield from stream.end(reply)
