"""Classifies prompts with the standard library alone: no network, no compiled parts."""

from router.analyzer.messages import Message
from router.analyzer.model import Analyzer, load
from router.analyzer.types import Classification, Complexity

__all__ = ["Analyzer", "Classification", "Complexity", "Message", "load"]
