"""Bedrock's two ways to refuse a request: its own, and the model's."""

from local.simulator.model import Reject


def invalid(message: str) -> Reject:
    """What the service itself refuses."""
    return Reject(400, "ValidationException", message)


def returned(message: str) -> Reject:
    """What the model refuses."""
    return invalid(f"The model returned the following errors: {message}")
