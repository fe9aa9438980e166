"""The tests' hand on the provider simulator: its script, its keys and its log of wire calls."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from tests.support.patience import HANGS_SECONDS


@dataclass(frozen=True, slots=True)
class Simulator:
    url: str

    def script(self, *rules: Mapping[str, Any]) -> None:
        self._request("POST", "script", list(rules))

    def clear_script(self) -> None:
        self._request("DELETE", "script")

    def accept_keys(self, provider: str, *keys: str) -> None:
        self._request("PUT", "keys", {provider: list(keys)})

    def calls(self) -> list[dict[str, Any]]:
        """Return all calls on the wire, oldest first."""
        calls: list[dict[str, Any]] = self._request("GET", "calls").json()["calls"]
        return calls

    def forget_calls(self) -> None:
        """Empty the log of calls: an earlier run of the tests made those."""
        self._request("DELETE", "calls")

    def calls_with(self, prompt: str, since: int = 0) -> list[dict[str, Any]]:
        """Return the wire calls with just this prompt, leaving out the first ``since`` calls."""
        fingerprint = hashlib.sha256(prompt.encode()).hexdigest()[:16]
        return [call for call in self.calls()[since:] if call["prompt_hash"] == fingerprint]

    def _request(self, method: str, path: str, body: Any = None) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False  # a proxy variable must not stand between us and loopback
            answer = session.request(
                method, f"{self.url}/_admin/{path}", json=body, timeout=HANGS_SECONDS
            )
        answer.raise_for_status()
        return answer
