"""Answers as a page in Chromium gets them while they are written: by a socket, and by fetch."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page

from local.cloud import ROOT
from local.deployment import Deployment
from tests.local_cloud.line import Line
from tests.local_cloud.simulator import Simulator
from tests.support.chromium import chromium

# As examples/local lets in.
ORIGIN = "http://localhost:3000"
WORDS = "ünïcode and words " * 20
BY_SOCKET = """([url, key, request]) => new Promise((resolve, reject) => {
  const socket = new WebSocket(url, ["faregate", key]);
  const seen = {subprotocol: null, texts: [], frames: []};
  let text = "";
  socket.onopen = () => {
    seen.subprotocol = socket.protocol;
    socket.send(JSON.stringify({action: "ask", request}));
  };
  socket.onerror = () => reject(new Error("the connection was refused"));
  socket.onmessage = ({data}) => {
    const frame = JSON.parse(data);
    seen.frames.push(frame.type);
    if (frame.type === "begin" || frame.type === "restart") text = "";
    if (frame.type === "delta") { text += frame.delta.content ?? ""; seen.texts.push(text); }
    if (frame.type === "done" || frame.type === "error") {
      seen.last = frame;
      socket.close();
      resolve(seen);
    }
  };
})"""
BY_FETCH = """async ([url, key, body]) => {
  const answer = await fetch(url, {
    method: "POST",
    headers: {authorization: `Bearer ${key}`, "content-type": "application/json"},
    body: JSON.stringify(body),
  });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  const seen = {status: answer.status, model: answer.headers.get("x-faregate-model"), texts: []};
  let rest = "", text = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (rest + part.value).split("\\n");
    rest = lines.pop();
    for (const line of lines) {
      if (!line.startsWith("data: {")) continue;
      text += JSON.parse(line.slice(6)).choices[0]?.delta.content ?? "";
    }
    seen.texts.push(text);
  }
  return seen;
}"""


class Application(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>an application</title>")

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Application) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        host = ORIGIN.split("://")[1]
        rule = f"MAP {host} 127.0.0.1:{server.server_port}"
        try:
            with chromium(f"--host-resolver-rules={rule}") as opened:
                yield opened
        finally:  # without Chromium too: a thread that accepts from a closed socket never rests
            server.shutdown()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page()
    opened.goto(ORIGIN)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def line(deployment: Deployment) -> Line:
    return Line(deployment, "pages")


@pytest.fixture
def prompt(simulator: Simulator) -> str:
    prompt = f"Name a river. {uuid.uuid4()}"
    simulator.script({"match": {"contains": prompt}, "text": WORDS, "slow_ms": 60})
    return prompt


def grows(texts: list[str]) -> bool:
    """Whether a text came in several parts, each of which goes on from the one before."""
    parts = pairwise(texts)
    return len(set(texts)) > 3 and all(later.startswith(earlier) for earlier, later in parts)


def test_a_page_reads_an_answer_from_a_socket_while_it_is_written(
    page: Page, line: Line, prompt: str
) -> None:
    request = {"input": prompt, "tier": "SIMPLE"}

    seen: dict[str, Any] = page.evaluate(BY_SOCKET, [line.url, line.door.key, request])

    assert seen["subprotocol"] == "faregate"
    assert seen["frames"][:3] == ["received", "begin", "delta"]
    assert grows(seen["texts"])
    assert seen["texts"][-1] == WORDS
    assert (seen["last"]["type"], seen["last"]["status"]) == ("done", "SUCCEEDED")
    assert float(seen["last"]["cost_usd"]) > 0


def test_a_page_without_a_key_gets_no_socket(page: Page, line: Line) -> None:
    with pytest.raises(Error, match="the connection was refused"):
        page.evaluate(BY_SOCKET, [line.url, "sk-fg-" + "x" * 43, {"input": "?"}])


def test_a_page_reads_an_answer_by_fetch_while_it_is_written(
    page: Page, line: Line, prompt: str
) -> None:
    body = {"model": "SIMPLE", "messages": [{"role": "user", "content": prompt}], "stream": True}
    url = f"{line.door.url}/chat/completions"

    seen: dict[str, Any] = page.evaluate(BY_FETCH, [url, line.door.key, body])

    assert (seen["status"], seen["model"]) == (200, "us.anthropic.claude-haiku-5-5")
    assert grows(seen["texts"])
    assert seen["texts"][-1] == WORDS


def test_the_page_of_the_documentation_works_as_it_is(page: Page, line: Line) -> None:
    text = (ROOT / "docs" / "websocket.md").read_text(encoding="utf-8")
    [code] = re.findall(r"^```js\n(.*?)^```", text, re.DOTALL | re.MULTILINE)

    with page.expect_console_message(lambda message: "Paris" in message.text) as printed:
        page.evaluate(f"([url, key]) => {{ {code} }}", [line.url, line.door.key])

    assert " us.anthropic.claude-haiku-5-5 0.0" in printed.value.text
