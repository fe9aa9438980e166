"""OpenAI's API: chat completions and responses, whole and streamed."""

from local.simulator.openai.chat import ChatCompletions
from local.simulator.openai.responses import Responses

__all__ = ["ChatCompletions", "Responses"]
