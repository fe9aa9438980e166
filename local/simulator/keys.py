"""Which API keys the simulated providers accept."""

import threading
from collections.abc import Mapping, Sequence

# Accepted until a test says otherwise; Bedrock takes any AWS credentials.
_DEFAULT_PREFIX = {
    "openai": "sk-local-",
    "anthropic": "sk-ant-local-",
    "bedrock": "",
    "guardrail": "",
    "embeddings": "",
}


class Keys:
    """The accepted keys by provider; safe to use from several threads."""

    def __init__(self) -> None:
        self._exact: dict[str, frozenset[str]] = {}
        self._lock = threading.Lock()

    def accepts(self, provider: str, key: str) -> bool:
        """Whether the provider accepts this key."""
        with self._lock:
            exact = self._exact.get(provider)
        return key in exact if exact is not None else key.startswith(_DEFAULT_PREFIX[provider])

    def put(self, keys: Mapping[str, Sequence[str] | None]) -> None:
        """Accept exactly these keys of a provider; None goes back to the default."""
        if unknown := keys.keys() - _DEFAULT_PREFIX.keys():
            raise ValueError(f"unknown provider {', '.join(sorted(unknown))}")
        with self._lock:
            for provider, accepted in keys.items():
                if accepted is None:
                    self._exact.pop(provider, None)
                else:
                    self._exact[provider] = frozenset(accepted)
