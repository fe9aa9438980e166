"""One adapter a provider; each imports its SDK only when it is the one that is called."""

from __future__ import annotations

from functools import lru_cache

from router.errors import InvalidModelRequest
from router.invocation.call import Provider


@lru_cache(maxsize=3)
def provider(name: str) -> Provider:
    """Return the adapter of ``bedrock``, ``openai`` or ``anthropic``, made once a process."""
    match name:
        case "bedrock":
            from router.providers.bedrock import Bedrock

            return Bedrock.from_environment()
        case "openai":
            from router.providers.openai_api import OpenAI

            return _guarded(OpenAI.from_environment())
        case "anthropic":
            from router.providers.anthropic_api import Anthropic

            return _guarded(Anthropic.from_environment())
    raise unknown_provider(name)


def _guarded(provider: Provider) -> Provider:
    """Return a provider that no guardrail of Bedrock's covers, with the deployment's around it."""
    from router.providers.guardrail import Guarded, Guardrail

    guardrail = Guardrail.from_environment()
    return Guarded.around(provider, guardrail) if guardrail else provider


@lru_cache(maxsize=1)
def classifier(timeout_ms: int) -> Provider:
    """Return the adapter that asks an LLM for its opinion, made when the first one is asked."""
    from router.providers.bedrock import Bedrock

    return Bedrock.within(timeout_ms / 1000)


def unknown_provider(name: str) -> InvalidModelRequest:
    """Return the error for a provider that no adapter speaks to."""
    return InvalidModelRequest(f"unknown provider {name}: write bedrock, openai or anthropic")
