"""The providers of models: one entry each, which everything that enumerates providers reads. Pure.

``terraform/model_providers.tf`` is its counterpart in the module, and
``cost_calculator.usage.PROVIDERS`` names the readers of their usage; a test holds the three equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """What is known of a provider beside its wire format.

    ``service_tiers`` and ``latencies`` are its own words for how it serves a call. ``adapter`` is
    ``module:Class``, imported when the first call is made; ``writer`` is the function that writes
    what it is asked. ``key_variable`` names the environment
    variable that holds the parameter of its key; without one, AWS authorizes the role. A guardrail
    of Bedrock is put around a provider unless its API ``applies_guardrails``. ``no_usage`` is
    what a call has used that was stopped before any work was done.
    """

    adapter: str
    writer: str
    service_tiers: tuple[str, ...]
    latencies: tuple[str, ...] = ()
    key_variable: str | None = None
    applies_guardrails: bool = False
    no_usage: Mapping[str, int] = field(default_factory=dict)


PROVIDERS: Mapping[str, ProviderSpec] = {
    "bedrock": ProviderSpec(
        adapter="router.providers.bedrock:Bedrock",
        writer="router.providers.bedrock_request:converse_arguments",
        service_tiers=("default", "flex", "priority", "reserved"),
        latencies=("standard", "optimized"),
        applies_guardrails=True,
        no_usage={"inputTokens": 0, "outputTokens": 0, "totalTokens": 0},
    ),
    "openai": ProviderSpec(
        adapter="router.providers.openai_api:OpenAI",
        writer="router.providers.openai_chat:http_body",
        service_tiers=("auto", "default", "flex", "priority", "scale", "fast"),
        key_variable="OPENAI_API_KEY_PARAMETER",
        no_usage={"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    ),
    # Its priority is a commitment that `auto` makes use of.
    "anthropic": ProviderSpec(
        adapter="router.providers.anthropic_api:Anthropic",
        writer="router.providers.anthropic_request:messages_body",
        service_tiers=("auto", "standard_only"),
        key_variable="ANTHROPIC_API_KEY_PARAMETER",
        no_usage={"input_tokens": 0, "output_tokens": 0},
    ),
}
