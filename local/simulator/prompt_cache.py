"""The providers' prompt caches: a marked text is written once, and read for five minutes.

A text below the model's minimum is silently not cached, as with the real ones.
"""

import hashlib
import threading
import time

from local.simulator import catalogue
from local.simulator.model import NOTHING_KEPT, Ask, Kept
from local.simulator.tokens import tokens

_SECONDS = 300.0


class PromptCache:
    """The texts that each model was asked to cache; safe to use from several threads."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str, str], float] = {}
        self._lock = threading.Lock()

    def use(self, provider: str, ask: Ask) -> Kept:
        """Read the longest of the marked texts that is kept, write the rest up to the last mark."""
        model = catalogue.find(ask.model)
        marked = [text for text in ask.marked if model and tokens(text) >= model.least_cached]
        read, now = 0, time.monotonic()
        with self._lock:
            for text in marked:
                digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
                key = (provider, ask.model, digest)
                if self._until.get(key, 0.0) > now:
                    read = tokens(text)
                self._until[key] = now + _SECONDS
        return Kept(read, tokens(marked[-1]) - read) if marked else NOTHING_KEPT
