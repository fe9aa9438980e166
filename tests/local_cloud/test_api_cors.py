"""The HTTP door as pages in a browser use it: two origins are let in, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser

from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator
from tests.local_cloud.door import Door, door_of
from tests.support.chromium import chromium

# As examples/local lets in.
ORIGINS = ("http://localhost:3000", "http://localhost:5173")
STRANGER = "http://localhost:4000"
CALL = """async ([url, init]) => {
  try {
    const answer = await fetch(url, init);
    const headers = Object.fromEntries(answer.headers);
    return {status: answer.status, headers, body: await answer.json()};
  } catch (error) { return {error: String(error)}; }
}"""


def invocations(emulator: Emulator) -> int:
    """Return how many times the door's function has logged its start."""
    pages = (
        emulator.deployment.client("logs")
        .get_paginator("filter_log_events")
        .paginate(logGroupName=f"/aws/lambda/{emulator.name_of('api')}")
    )
    return sum(1 for page in pages for event in page["events"] if "START" in event["message"])


@pytest.fixture(scope="module")
def door(deployment: Deployment) -> Door:
    return door_of(deployment, "pages")


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>an application</title>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for which every origin of this test is one server, on a free port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        hosts = (origin.split("://")[1] for origin in (*ORIGINS, STRANGER))
        rules = ",".join(f"MAP {host} 127.0.0.1:{server.server_port}" for host in hosts)
        try:
            with chromium(f"--host-resolver-rules={rules}") as browser:
                yield browser
        finally:  # without Chromium too: a thread that accepts from a closed socket never rests
            server.shutdown()


def from_page(browser: Browser, origin: str, url: str, **init: Any) -> dict[str, Any]:
    """Fetch as a page of this origin does; return what its script can read."""
    page = browser.new_page()
    try:
        page.goto(origin)
        answer: dict[str, Any] = page.evaluate(CALL, [url, init])
        return answer
    finally:
        page.close()


def asking(door: Door, **headers: str) -> dict[str, Any]:
    return {
        "method": "POST",
        "headers": {"authorization": f"Bearer {door.key}", **headers},
        "body": '{"input": "What is the capital of France?"}',
    }


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_page_reads_the_answer_its_model_and_its_cost(
    browser: Browser, door: Door, origin: str
) -> None:
    init = asking(door, **{"content-type": "application/json", "x-stainless-lang": "js"})

    answer = from_page(browser, origin, f"{door.url}/prompts", **init)

    assert answer["status"] == 200, answer
    assert "Paris" in answer["body"]["output"]
    assert {"x-faregate-model", "x-faregate-request-id", "x-faregate-cost-usd"} <= set(
        answer["headers"]
    )


@pytest.mark.parametrize(
    ("path", "change", "status"),
    [
        ("/prompts", {"headers": {"authorization": "Bearer sk-wrong"}}, 401),
        ("/prompts", {"body": "{"}, 400),
        ("/chat/completions", {"body": '{"model": "auto", "messages": [{"role": "user"}]}'}, 400),
    ],
)
def test_a_page_reads_why_the_gateway_refused_it(
    browser: Browser, door: Door, path: str, change: dict[str, Any], status: int
) -> None:
    answer = from_page(browser, ORIGINS[1], door.url + path, **asking(door) | change)

    assert answer["status"] == status, answer
    assert set(answer["body"]["error"]) >= {"type", "message", "request_id"}


def test_a_page_reads_why_the_function_refused_it(browser: Browser, door: Door) -> None:
    got = {"headers": {"authorization": f"Bearer {door.key}"}}

    answer = from_page(browser, ORIGINS[0], f"{door.url}/prompts/no-such-request", **got)

    assert (answer["status"], answer["body"]["error"]["type"]) == (404, "NotFound")


def test_a_page_of_another_origin_is_kept_out_before_any_function_runs(
    browser: Browser, door: Door, emulator: Emulator
) -> None:
    before = invocations(emulator)

    answer = from_page(browser, STRANGER, f"{door.url}/prompts", **asking(door))

    assert "Failed to fetch" in answer["error"]
    assert invocations(emulator) == before


def test_the_permission_is_asked_for_without_a_key_and_names_who_asks(
    door: Door, emulator: Emulator
) -> None:
    before = invocations(emulator)

    for origin in ORIGINS:
        answer = Door(door.url, "").call("OPTIONS", "/prompts", headers={"origin": origin})
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["access-control-allow-origin"] == origin
        assert answer.headers["vary"].lower() == "origin"
    assert invocations(emulator) == before


def test_what_depends_on_the_origin_says_so_whoever_asked(door: Door) -> None:
    for headers in ({"origin": ORIGINS[0]}, {"origin": STRANGER}, {}):
        answer = door.call("GET", "/usage", headers=headers)
        assert answer.headers["vary"].lower() == "origin"
        named = answer.headers.get("access-control-allow-origin")
        assert named == (headers.get("origin") if headers.get("origin") in ORIGINS else None)
