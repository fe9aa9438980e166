"""A response under way that is silent is kept open, and only that."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from local.emulator.runtime_api import Ended, RuntimeApi
from router.ingress.protocols.registry import PROTOCOLS
from router.lambda_stream.beats import Beats
from router.lambda_stream.response import StreamedResponse
from tests.unit.router.lambda_stream.test_loop import SECONDS, serve_events


class Silence:
    """A clock, and waits that end by it; ``parts`` are the seconds at which a part is sent."""

    def __init__(self, until: float, parts: tuple[float, ...] = ()) -> None:
        self.now, self.until, self.parts = 0.0, until, list(parts)
        self.beats: list[float] = []
        self.under_test = Beats(lambda: self.beats.append(self.now), 15.0, lambda: self.now)

    def wait(self, seconds: float) -> bool:
        wakes = min(self.now + seconds, self.until)
        while self.parts and self.parts[0] <= wakes:
            self.now = self.parts.pop(0)
            self.under_test.sent()
        self.now = wakes
        return self.now >= self.until

    def passed(self) -> list[float]:
        self.under_test.run(self.wait)
        return self.beats


def test_a_beat_is_sent_after_each_silence() -> None:
    assert Silence(50.0).passed() == [15.0, 30.0, 45.0]


def test_what_is_sent_begins_the_silence_again() -> None:
    assert Silence(60.0, parts=(10.0, 20.0, 33.0)).passed() == [48.0]


def test_a_stream_that_never_pauses_has_no_beat() -> None:
    assert Silence(60.0, parts=tuple(map(float, range(60)))).passed() == []


@pytest.fixture
def lambda_side() -> Iterator[RuntimeApi]:
    server = RuntimeApi()
    yield server
    server.close()


def _served(server: RuntimeApi, response: StreamedResponse, silence: float) -> Iterator[object]:
    invocation = server.put({}, "r-1", seconds=60, Lambda_Runtime_Invoked_Function_Arn="arn:f")
    serving = (lambda _event, _context: response, server.address, 1, silence)
    threading.Thread(target=serve_events, args=serving, daemon=True).start()
    begun = invocation.prelude(SECONDS)
    assert isinstance(begun, tuple)
    if begun[1]:
        yield begun[1]
    yield from invocation.parts(SECONDS)


def test_a_beat_goes_out_while_the_body_waits_and_none_after_it(lambda_side: RuntimeApi) -> None:
    has_beaten = threading.Event()

    def body() -> Iterator[bytes]:
        yield b"first"
        assert has_beaten.wait(SECONDS)
        yield b"last"

    parts = _served(lambda_side, StreamedResponse(200, {}, body(), beat=b"beat"), silence=0.01)
    seen = [next(parts), next(parts)]
    has_beaten.set()
    rest = [part for part in parts if part != b"beat"]

    assert seen == [b"first", b"beat"]
    assert rest == [b"last", Ended()]


def test_before_the_first_byte_nothing_is_sent(lambda_side: RuntimeApi) -> None:
    def body() -> Iterator[bytes]:
        # The first part is what serves: a thread that beats by now would have sent before it.
        assert [t.name for t in threading.enumerate() if "(run)" in t.name] == []
        yield b"first"

    response = StreamedResponse(200, {}, body(), beat=b"beat")
    parts = [part for part in _served(lambda_side, response, silence=0.01) if part != b"beat"]

    assert parts == [b"first", Ended()]


def test_a_body_that_fails_leaves_no_thread_behind(lambda_side: RuntimeApi) -> None:
    def body() -> Iterator[bytes]:
        yield b"half"
        raise ValueError

    [*_, end] = _served(lambda_side, StreamedResponse(200, {}, body(), beat=b"b"), silence=SECONDS)

    assert isinstance(end, Ended)
    assert end.error is not None
    assert [t.name for t in threading.enumerate() if "(run)" in t.name] == []


def test_each_protocol_beats_as_its_clients_expect() -> None:
    beats = {path: spoken.beat for path, spoken in PROTOCOLS.items()}

    assert beats["/messages"].startswith(b"event: ping\ndata: {")
    assert beats["/chat/completions"].startswith(b": ")
    assert beats["/responses"].startswith(b": ")
    assert all(beat.endswith(b"\n\n") for beat in beats.values())
