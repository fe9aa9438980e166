"""Clients that repeat by themselves: however often one calls, the model is called once.

Each sends as its users do, with its own number of retries, and without an id. An answer takes as
long as API Gateway waits for a buffered one, and longer.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from local.deployment import Deployment
from tests.local_cloud import npm_clients
from tests.local_cloud.door import Door, door_of
from tests.local_cloud.simulator import Simulator
from tests.support.patience import HANGS_SECONDS

SLOW_MS = 31_000
NPM_CLIENTS = ("ai-sdk", "langchain")


@pytest.fixture(scope="module")
def door(deployment: Deployment) -> Door:
    return door_of(deployment, "retries")


def openai_python(door: Door, prompt: str) -> str:
    with (
        httpx2.Client(trust_env=False, timeout=HANGS_SECONDS) as http,
        openai.OpenAI(base_url=door.url, api_key=door.key, http_client=http) as client,
    ):
        completion = client.chat.completions.create(
            model="SIMPLE", messages=[{"role": "user", "content": prompt}]
        )
    return completion.choices[0].message.content or completion.choices[0].finish_reason


def npm(folder: Path, name: str) -> Callable[[Door, str], str]:
    return lambda door, prompt: npm_clients.run(folder, door, "call.mjs", name, PROMPT=prompt)


def repeating(retried: Callable[[int], bool], times: int) -> Callable[[Door, str], str]:
    """Return a client of plain HTTP that repeats so often what the policy of another repeats."""

    def call(door: Door, prompt: str) -> str:
        body = {"model": "SIMPLE", "messages": [{"role": "user", "content": prompt}]}
        for attempt in range(times + 1):
            answer = door.call("POST", "/chat/completions", body)
            if not retried(answer.status_code) or attempt == times:
                break
            time.sleep(0.5)  # as these clients do; none of them heeds x-should-retry
        said: Any = answer.json()
        if answer.status_code != 200:
            return json.dumps(said)
        return said["choices"][0]["message"]["content"] or said["choices"][0]["finish_reason"]

    return call


@pytest.fixture(scope="module")
def clients() -> dict[str, Callable[[Door, str], str]]:
    folder = npm_clients.installed()
    return {
        "openai-python": openai_python,
        **{name: npm(folder, name) for name in NPM_CLIENTS},
        # The policy of LiteLLM's retries, which dspy uses: docs of both; their packages are heavy.
        "policy of litellm and dspy": repeating(
            lambda status: status in (408, 409, 429) or status >= 500, times=3
        ),
    }


def test_an_answer_slower_than_a_buffered_one_reaches_every_client_and_is_paid_once(
    door: Door, simulator: Simulator, clients: dict[str, Callable[[Door, str], str]]
) -> None:
    prompts = {name: f"Who wrote Faust? {uuid.uuid4()}" for name in clients}
    for prompt in prompts.values():
        rule = {"match": {"contains": prompt}, "delay_ms": SLOW_MS, "text": f"Goethe {prompt}"}
        simulator.script({**rule, "count": None})

    got = _at_once(door, clients, prompts)

    assert got == {name: f"Goethe {prompt}" for name, prompt in prompts.items()}
    assert {n: len(simulator.calls_with(p)) for n, p in prompts.items()} == dict.fromkeys(got, 1)


def test_a_refusal_reaches_every_client_as_an_answer_and_is_paid_by_one_run(
    door: Door, simulator: Simulator, clients: dict[str, Callable[[Door, str], str]]
) -> None:
    prompts = {name: f"Something nasty {uuid.uuid4()}" for name in clients}
    for prompt in prompts.values():
        simulator.script({"match": {"contains": prompt}, "ending": "filter", "count": None})

    got = _at_once(door, clients, prompts)

    assert {text.replace("-", "_") for text in got.values()} == {"content_filter"}, got
    _one_run_each(simulator, prompts)


def test_a_model_that_fails_is_asked_by_one_run_of_every_client(
    door: Door, simulator: Simulator, clients: dict[str, Callable[[Door, str], str]]
) -> None:
    prompts = {name: f"Who wrote Emma? {uuid.uuid4()}" for name in clients}
    for prompt in prompts.values():
        simulator.script({"match": {"contains": prompt}, "status": 500, "count": None})

    with ThreadPoolExecutor(len(clients)) as pool:
        calls = {n: pool.submit(_told, call, door, prompts[n]) for n, call in clients.items()}
        told = {name: call.result() for name, call in calls.items()}

    assert all("no model answered" in text for text in told.values()), told
    _one_run_each(simulator, prompts)


def _at_once(
    door: Door, clients: dict[str, Callable[[Door, str], str]], prompts: dict[str, str]
) -> dict[str, str]:
    with ThreadPoolExecutor(len(clients)) as pool:
        calls = {name: pool.submit(call, door, prompts[name]) for name, call in clients.items()}
        return {name: call.result() for name, call in calls.items()}


def _told(call: Callable[[Door, str], str], door: Door, prompt: str) -> str:
    try:
        return call(door, prompt)
    except openai.APIStatusError as error:
        return str(error)


def _one_run_each(simulator: Simulator, prompts: dict[str, str]) -> None:
    """A run asks each model of its plan once: a model that was asked twice was paid by two runs."""
    for name, prompt in prompts.items():
        models = [call["model"] for call in simulator.calls_with(prompt)]
        assert models, name
        assert len(models) == len(set(models)), (name, models)
