"""What the simulated models are called, and what each refuses."""

import re
from dataclasses import dataclass
from typing import Literal

Sampling = Literal["any", "one", "none"]

# The prefix of a system inference profile, and the vendor.
_PREFIX = re.compile(r"^(?:(?:us|eu|apac|au|jp|global)\.)?(?:anthropic|openai)\.")


@dataclass(frozen=True, slots=True)
class Model:
    """A model's behaviour on the wire.

    `sampling`: temperature and top_p both allowed, one at a time, or none. `thinks`: a thinking
    block comes before the answer and its tokens are billed as output. `least_cached`: tokens below
    which a text marked for the prompt cache is not kept.
    """

    name: str
    vendor: Literal["anthropic", "openai"]
    sampling: Sampling = "any"
    thinks: bool = False
    retired: bool = False
    least_cached: int = 1024


_MODELS = {
    model.name: model
    for model in (
        Model("claude-haiku-5-5", "anthropic", sampling="none", least_cached=512),
        Model("claude-sonnet-5-5", "anthropic", sampling="none", thinks=True, least_cached=512),
        Model("claude-sonnet-5", "anthropic", sampling="none", thinks=True),
        Model("claude-opus-5", "anthropic", sampling="none", thinks=True),
        Model("claude-sonnet-4-6", "anthropic", sampling="one"),
        Model("claude-sonnet-4-5", "anthropic", sampling="one"),
        Model("claude-haiku-4-5", "anthropic", sampling="one", least_cached=4096),
        Model("claude-3-5-haiku", "anthropic", retired=True),
        Model("claude-3-haiku", "anthropic", retired=True),
        Model("gpt-6-luna", "openai", sampling="none", thinks=True),
        Model("gpt-6-sol", "openai", sampling="none", thinks=True),
        Model("gpt-6.1-sol", "openai", sampling="none", thinks=True),
        Model("gpt-6-astra", "openai", sampling="none", thinks=True),
        Model("gpt-5.6-luna", "openai", sampling="none", thinks=True),
        Model("gpt-5.4-mini", "openai", sampling="none", thinks=True),
        Model("gpt-4.1-mini", "openai"),
        Model("gpt-4o-mini", "openai"),
    )
}
_DATED = re.compile(r"(?:-\d{8})?(?:-v\d+:\d+)?$")


def find(model_id: str) -> Model | None:
    """Find a model by a provider's own id, a Bedrock id, or a profile's id or ARN."""
    name = model_id.rsplit("/", 1)[-1]
    return _MODELS.get(_DATED.sub("", _PREFIX.sub("", name)))
