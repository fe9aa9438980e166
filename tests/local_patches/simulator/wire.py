"""The official clients in front of a running simulator, and short ways to ask with them."""

from __future__ import annotations

import time
from typing import Any

import boto3
import requests
from anthropic import Anthropic
from botocore.config import Config
from openai import OpenAI

HAIKU, SONNET = "us.anthropic.claude-haiku-5-5", "us.anthropic.claude-sonnet-5-5"
QUESTION = "What is the capital of France?"


class Wire:
    """The simulator with the real clients in front of it."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.bedrock: Any = boto3.client(
            "bedrock-runtime",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
        )
        self.openai = OpenAI(base_url=f"{self.url}/v1", api_key="sk-local-1", max_retries=0)
        self.anthropic = Anthropic(base_url=self.url, api_key="sk-ant-local-1", max_retries=0)

    def script(self, *rules: dict[str, Any]) -> None:
        requests.post(f"{self.url}/_admin/script", json=rules, timeout=5).raise_for_status()

    def calls(self, *, read: bool | None = None) -> list[dict[str, Any]]:
        """The calls; with `read`, as soon as it is known of each whether its stream was read."""
        deadline = time.monotonic() + 10
        while True:
            answer = requests.get(f"{self.url}/_admin/calls", timeout=5).json()
            found: list[dict[str, Any]] = answer["calls"]
            known = all(call["read_to_end"] is not None for call in found)
            if read is None or known or time.monotonic() > deadline:
                return found

    def converse(self, model: str = HAIKU, text: str = QUESTION, **more: Any) -> dict[str, Any]:
        messages = [{"role": "user", "content": [{"text": text}]}]
        answer: dict[str, Any] = self.bedrock.converse(modelId=model, messages=messages, **more)
        return answer

    def chat(self, text: str = QUESTION, **more: Any) -> Any:
        return self.openai.chat.completions.create(
            **{"model": "gpt-6-luna", "messages": [{"role": "user", "content": text}], **more}
        )

    def respond(self, question: Any = QUESTION, **more: Any) -> Any:
        return self.openai.responses.create(**{"model": "gpt-6-luna", "input": question, **more})

    def message(self, text: str = QUESTION, **more: Any) -> Any:
        return self.anthropic.messages.create(
            **{
                "model": "claude-haiku-5-5",
                "max_tokens": 500,
                "messages": [{"role": "user", "content": text}],
                **more,
            }
        )

    def post(self, path: str, body: Any, headers: dict[str, str]) -> requests.Response:
        """Send what no client would."""
        return requests.post(f"{self.url}{path}", json=body, headers=headers, timeout=5)
