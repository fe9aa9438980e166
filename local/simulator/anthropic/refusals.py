"""Anthropic's way to refuse a request."""

from local.simulator.model import Reject


def invalid(message: str) -> Reject:
    """What the API or the model does not take."""
    return Reject(400, "invalid_request_error", message)
