"""`faregate chat` against a server that streams as the HTTP API does."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from local import chat, cloud
from router.cli import registry

KEY = "sk-fg-test"


class Server(ThreadingHTTPServer):
    """Answers each turn by the next script: pieces and a cost, or a status and its error."""

    def __init__(self, scripts: list[Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scripts = scripts
        self.asked: list[Any] = []
        self.keys: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append(body["messages"])
        self.server.keys.append(self.headers["authorization"])
        script = self.server.scripts.pop(0)
        self.send_response(script.get("status", 200))
        self.send_header("x-faregate-tier", "SIMPLE")
        self.send_header("x-faregate-model", "haiku")
        self.end_headers()
        self.wfile.write(script["body"])

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


def chunk(text: str | None, finish: str | None = None) -> bytes:
    delta = {} if text is None else {"content": text}
    event = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return b"data: " + json.dumps(event).encode() + b"\n\n"


def answer(*pieces: str, cost: str | None = "0.001") -> dict[str, Any]:
    said = b"".join(map(chunk, pieces))
    comment = f": x-faregate-cost-usd: {cost}\n\n".encode() if cost else b""
    return {"body": said + comment + chunk(None, "stop") + b"data: [DONE]\n\n"}


def error(status: int, kind: str) -> dict[str, Any]:
    body = {"error": {"type": kind, "message": "wait a minute"}}
    return {"status": status, "body": json.dumps(body).encode()}


@pytest.fixture
def serving() -> Iterator[Any]:
    started: list[Server] = []

    def serve(*scripts: Any) -> Server:
        server = Server(list(scripts))
        started.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    yield serve
    for server in started:
        server.shutdown()
        server.server_close()


def chatted(server: Server, typed: str, monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    return registry.main(["chat", "--url", server.url, "--key", KEY, *options])


def test_a_turn_shows_its_model_tier_and_cost_and_the_sessions(
    serving: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = serving(answer("Par", "is."), answer("Ulm.", cost="0.0025"))

    assert chatted(server, "Which city?\n\nAnd then?\n", monkeypatch) == 0

    out = capsys.readouterr().out
    assert "Paris.\n[haiku, SIMPLE, $ 0.001; session $ 0.001]" in out
    assert "Ulm.\n[haiku, SIMPLE, $ 0.0025; session $ 0.0035]" in out
    assert server.keys == [f"Bearer {KEY}"] * 2


def test_a_turn_answers_the_ones_before_it_until_new(
    serving: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serving(answer("Paris."), answer("Ulm."), answer("Rom."))

    chatted(server, "one\ntwo\n/new\nthree\n/quit\nfour\n", monkeypatch)

    said = [[(turn["role"], turn["content"]) for turn in asked] for asked in server.asked]
    assert said == [
        [("user", "one")],
        [("user", "one"), ("assistant", "Paris."), ("user", "two")],
        [("user", "three")],
    ]


def test_a_cost_that_is_not_known_is_never_zero(
    serving: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chatted(serving(answer("Paris.", cost=None)), "Which city?\n", monkeypatch)

    assert "[haiku, SIMPLE, cost not known; session $ 0 and 1 unknown]" in capsys.readouterr().out


def test_what_a_failed_turn_has_cost_is_in_the_session_s_total(
    serving: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    comment = b": x-faregate-cost-usd: 0.002\n\n"
    withheld = {"body": chunk("Par") + comment + chunk(None, "content_filter")}
    refused = [error(status, "RateLimited") for status in (402, 429)]
    free = [*refused, error(400, "InvalidRequest")]
    unknown = [error(400, "ModelTimeout"), error(502, "InternalError"), {"body": chunk("Par")}]
    server = serving(withheld, *free, *unknown, answer("Ulm."))

    assert chatted(server, "ask\n" * 8, monkeypatch) == 1

    assert "session $ 0.003 and 3 unknown]" in capsys.readouterr().out


def test_a_turn_that_failed_is_no_part_of_the_conversation(
    serving: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = {
        "body": chunk("Par") + b'data: {"error": {"type": "ModelError", "message": "no"}}\n\n'
    }
    server = serving(error(429, "RateLimited"), broken, {"body": chunk("Par")}, answer("Ulm."))

    assert chatted(server, "one\ntwo\nthree\nfour\n", monkeypatch) == 1

    failed = capsys.readouterr().err
    assert "RateLimited: wait a minute" in failed
    assert "ModelError: no" in failed
    assert "not the whole answer" in failed
    assert [turn["content"] for turn in server.asked[-1]] == ["four"]


def test_json_has_a_line_a_turn(
    serving: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chatted(serving(answer("Pa", "ris.")), "Which city?\n", monkeypatch, "--json")

    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line)["output"] == "Paris."
    assert json.loads(line)["session_usd"] == "0.001"


def test_an_address_where_nothing_listens_is_one_line(
    serving: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = serving()
    server.shutdown()
    server.server_close()

    assert chatted(server, "Hello\n/help\n", monkeypatch) == 1
    failed = capsys.readouterr().err
    assert "does not answer" in failed
    assert "there is no /help: /new starts another conversation, /quit ends" in failed


@pytest.mark.parametrize("ending", [EOFError, KeyboardInterrupt])
def test_the_prompt_ends_as_its_input_does(
    ending: type[BaseException], serving: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def typed(_prompt: str) -> str:
        raise ending

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("builtins.input", typed)

    assert registry.main(["chat", "--url", serving().url, "--key", KEY]) == 0


def test_without_a_key_it_says_what_to_give(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FAREGATE_KEY", raising=False)
    with pytest.raises(SystemExit):
        registry.main(["chat", "--url", "https://x.example/v1"])

    assert "give --key, or set FAREGATE_KEY" in capsys.readouterr().err


def test_make_chat_without_a_cloud_says_how_to_start_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cloud, "running", lambda: None)
    monkeypatch.setattr(chat, "isolate", lambda: None)

    assert chat.main([]) == 2
    assert "make up" in capsys.readouterr().err
