"""The record of what each client could do, which docs/clients.md shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORD = Path(__file__).with_name("results.json")
CELLS = (
    "text", "stream", "tools", "image", "document", "structured", "error", "broken", "cancel",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Client:
    """One row: ``kind`` names its environment, ``package`` has its version in the lock."""

    name: str
    kind: str
    package: str
    program: str


CLIENTS = (
    Client("OpenAI, chat completions", "clients", "openai", "openai_chat"),
    Client("OpenAI, Responses", "clients", "openai", "openai_responses"),
    Client("Anthropic", "clients", "anthropic", "anthropic_messages"),
    Client("LangChain", "clients", "langchain-openai", "langchain_chat"),
    Client("LlamaIndex", "llama-index", "llama-index-llms-openai-like", "llama_index_llm"),
    Client("Pydantic AI", "clients", "pydantic-ai-slim", "pydantic_ai_agent"),
    Client("Instructor", "clients", "instructor", "instructor_openai"),
    Client("OpenAI Agents SDK, Responses", "clients", "openai-agents", "agents_sdk.responses"),
    Client("OpenAI Agents SDK, chat", "clients", "openai-agents", "agents_sdk.chat"),
    Client("llm", "clients", "llm", "llm_cli"),
    Client("LiteLLM", "clients", "litellm", "litellm_client"),
    Client("DSPy", "clients", "dspy", "dspy_lm"),
    Client("OpenAI for Node.js, chat completions", "javascript", "openai", "openai_chat"),
    Client("OpenAI for Node.js, Responses", "javascript", "openai", "openai_responses"),
    Client("AI SDK, openai-compatible", "javascript", "ai", "ai_sdk_compatible"),
    Client("AI SDK, openai", "javascript", "ai", "ai_sdk_openai"),
    Client("LangChain.js", "javascript", "@langchain/openai", "langchain"),
    Client("Claude Code", "agents", "@anthropic-ai/claude-code", "claude_code"),
    Client("Codex", "agents", "@openai/codex", "codex"),
    Client("aider", "aider", "aider-chat", "aider"),
)
NPM_LOCKS = {"javascript": "package-lock.json", "agents": "agents/package-lock.json"}


def recorded() -> dict[str, Mapping[str, Any]]:
    """Return the rows as they were written last, by their clients' names."""
    rows: list[Mapping[str, Any]] = json.loads(RECORD.read_text(encoding="utf-8"))
    return {row["client"]: row for row in rows}
