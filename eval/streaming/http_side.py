"""A server of OpenAI's chat completions: the simulated model itself, or LiteLLM's proxy."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from eval.streaming.side import Answered
from local.cloud import free_port
from local.processes import is_alive

START_SECONDS = 600.0
MODEL = "gpt-6-luna"
_DONE = b"data: [DONE]"
# A piece of text; the first chunk has the role, and a text of nothing.
_TEXT = re.compile(rb'"content":\s*"[^"]')


class HttpSide:
    """Streams from one address, each answer on a connection that was open before it was asked."""

    def __init__(self, name: str, port: int, key: str, pids: Sequence[int]) -> None:
        self.name = name
        self._port = port
        self._key = key
        self._pids = pids

    def ask(self, _caller: int, prompt: str) -> Answered:
        """Ask, and read to the end."""
        line = HTTPConnection("127.0.0.1", self._port)
        line.connect()
        body = {
            "model": MODEL,
            "stream": True,
            "messages": [{"role": "user", "content": prompt}],
        }
        headers = {"authorization": f"Bearer {self._key}", "content-type": "application/json"}
        began = time.monotonic()
        line.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        response = line.getresponse()
        if response.status != 200:
            raise RuntimeError(f"{self.name} answers {response.status}: {response.read()[:300]!r}")
        first, heard = None, b""
        while part := response.read1():
            heard += part
            if first is None and begins(heard):
                first = time.monotonic()
        line.close()
        if first is None or _DONE not in heard:
            raise RuntimeError(f"{self.name} broke off: {heard[-300:]!r}")
        return Answered(first - began)

    def pids(self) -> Sequence[int]:
        """Return the processes behind the address."""
        return self._pids


def begins(heard: bytes) -> bool:
    """Return whether a stream has brought a piece of text."""
    return _TEXT.search(heard) is not None


@contextmanager
def litellm_proxy(program: Path, model_port: int, key: str, folder: Path) -> Iterator[HttpSide]:
    """Run LiteLLM's proxy as it ships, with one worker, before the model on ``model_port``.

    It has no database, so it keeps no row. It must not leave this machine: no telemetry, the price
    table that it brought along, and a proxy that nobody listens at for all other addresses.
    """
    own_key = f"sk-{secrets.token_hex(24)}"  # it refuses to start with a weak one
    settings = {
        "model_list": [
            {
                "model_name": MODEL,
                "litellm_params": {
                    "model": f"openai/{MODEL}",
                    "api_base": f"http://127.0.0.1:{model_port}/v1",
                    "api_key": key,
                },
            }
        ],
        "general_settings": {"master_key": own_key},
        "litellm_settings": {"telemetry": False},
    }
    config, port = folder / "litellm.yaml", free_port(0, "proxy")
    config.write_text(json.dumps(settings))  # JSON is YAML
    with (folder / "litellm.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "--config", config, "--host", "127.0.0.1", "--port", str(port),
             "--num_workers", "1", "--telemetry", "False"],
            cwd=folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "HTTP_PROXY": "http://127.0.0.1:9",
                "HTTPS_PROXY": "http://127.0.0.1:9",
                "NO_PROXY": "127.0.0.1,localhost",
                "DO_NOT_TRACK": "1",
                "LITELLM_LOCAL_MODEL_COST_MAP": "True",
                "LITELLM_LOG": "ERROR",
            },
            stdout=log,
            stderr=log,
        )  # fmt: skip
        try:
            wait_until_up(f"http://127.0.0.1:{port}/health/liveliness", process.pid, log.name)
            yield HttpSide("LiteLLM's proxy", port, own_key, [process.pid])
        finally:
            process.terminate()
            process.wait()


def wait_until_up(url: str, pid: int, log: str) -> None:
    """Wait until a server answers at ``url``; give up if its process has ended."""
    until = time.monotonic() + START_SECONDS
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < until and is_alive(pid):
        try:
            opener.open(url, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit(f"nothing answers at {url}: see {log}")
