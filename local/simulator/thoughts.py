"""Proof that reasoning comes back as the model gave it: a signature of the text and the model."""

import base64
import hashlib

from local.simulator import catalogue
from local.simulator.conversation import Thought


def sign(model_id: str, text: str) -> str:
    """The signature of a model's reasoning; the same on every platform that serves the model."""
    model = catalogue.find(model_id)
    signed = f"{model.name if model else model_id}\0{text}".encode("utf-8", "surrogatepass")
    return base64.b64encode(hashlib.sha256(signed).digest()).decode()


def is_genuine(model_id: str, thought: Thought) -> bool:
    """Whether this model thought just this."""
    return thought.signature == sign(model_id, thought.text)
