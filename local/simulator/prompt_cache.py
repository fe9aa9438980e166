"""The providers' prompt caches: a marked text is written once, and read for five minutes.

A text below the model's minimum is silently not cached, as with the real ones.
"""

import hashlib
import threading
import time

from local.simulator import catalogue
from local.simulator.answers import tokens
from local.simulator.model import NOTHING_KEPT, Ask, Kept

_SECONDS = 300.0


class PromptCache:
    """The texts that each model was asked to cache; safe to use from several threads."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str, str], float] = {}
        self._lock = threading.Lock()

    def use(self, provider: str, ask: Ask) -> Kept:
        """Count the tokens of the marked text as written or read, and keep it for longer."""
        model, count = catalogue.find(ask.model), tokens(ask.marked)
        if model is None or not ask.marked or count < model.least_cached:
            return NOTHING_KEPT
        digest = hashlib.sha256(ask.marked.encode("utf-8", "surrogatepass")).hexdigest()
        key, now = (provider, ask.model, digest), time.monotonic()
        with self._lock:
            known = self._until.get(key, 0.0) > now
            self._until[key] = now + _SECONDS
        return Kept(read=count) if known else Kept(written=count)
