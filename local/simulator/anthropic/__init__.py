"""Anthropic's API: messages, whole and streamed."""

from local.simulator.anthropic.messages import Anthropic

__all__ = ["Anthropic"]
