"""One adapter a provider; each imports its SDK only when it is the one that is called."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib import import_module

from router.catalog.providers import PROVIDERS
from router.errors import InvalidModelRequest
from router.invocation.call import Provider, StreamingProvider


@cache
def provider(name: str) -> StreamingProvider:
    """Return the adapter of a provider in the catalog, made once a process."""
    if name not in PROVIDERS:
        raise InvalidModelRequest(f"unknown provider {name}: write {', '.join(PROVIDERS)}")
    spec = PROVIDERS[name]
    module, kind = spec.adapter.split(":")
    adapter: StreamingProvider = getattr(import_module(module), kind).from_environment()
    return adapter if spec.applies_guardrails else _guarded(adapter)


def _guarded(provider: StreamingProvider) -> StreamingProvider:
    """Return a provider that no guardrail of Bedrock's covers, with the deployment's around it."""
    from router.providers.guardrail import Guarded, Guardrail

    guardrail = Guardrail.from_environment()
    return Guarded.around(provider, guardrail) if guardrail else provider


@lru_cache(maxsize=1)
def classifier(timeout_ms: int) -> Provider:
    """Return the adapter that asks an LLM for its opinion, made when the first one is asked."""
    from router.providers.bedrock import Bedrock

    return Bedrock.within(timeout_ms / 1000)
