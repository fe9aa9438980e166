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
    which a text marked for the prompt cache is not kept. `sharp`: a Claude that sees images of more
    pixels. `image_tiles` are the tokens of an image and of each tile, and `image_factor` is what a
    patch counts, for OpenAI's models.
    """

    name: str
    vendor: Literal["anthropic", "openai"]
    sampling: Sampling = "any"
    thinks: bool = False
    retired: bool = False
    least_cached: int = 1024
    sharp: bool = False
    image_tiles: tuple[int, int] | None = None
    image_factor: float = 1.2

    @property
    def prefills(self) -> bool:
        """Whether a conversation may end with the start of the model's own answer."""
        return self.sampling != "none" and self.name != "claude-sonnet-4-6"

    @property
    def image_fits(self) -> tuple[int, int]:
        """The longest edge and the most tokens of an image, for Claude."""
        return (2576, 4784) if self.sharp else (1568, 1568)

    def patches_at(self, detail: str) -> tuple[int, int | None]:
        """The longest edge and the most patches of an image that is looked at so closely."""
        if self.name == "gpt-4.1-mini":
            return 2048, 6144
        closely = _ORIGINAL if self.name.startswith(("gpt-6", "gpt-5.6", "gpt-5.5")) else "high"
        match closely if detail == "auto" else detail:
            case "low":
                return (2048, 6144) if self.name.startswith("gpt-5.4") else (512, None)
            case "high":
                return (65_535 if self.name == "gpt-6-astra" else 2048), 2500
        return (65_535, None) if closely == _ORIGINAL else (6000, 10_000)


_ORIGINAL = "original"
_MODELS = {
    model.name: model
    for model in (
        Model("claude-haiku-5-5", "anthropic", sampling="none", least_cached=512, sharp=True),
        Model(
            "claude-sonnet-5-5",
            "anthropic",
            sampling="none",
            thinks=True,
            least_cached=512,
            sharp=True,
        ),
        Model("claude-sonnet-5", "anthropic", sampling="none", thinks=True, sharp=True),
        Model("claude-opus-5", "anthropic", sampling="none", thinks=True, sharp=True),
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
        Model("gpt-4.1-mini", "openai", image_factor=1.62),
        Model("gpt-4o-mini", "openai", image_tiles=(2833, 5667)),
    )
}
_DATED = re.compile(r"(?:-\d{8})?(?:-v\d+:\d+)?$")


def find(model_id: str) -> Model | None:
    """Find a model by a provider's own id, a Bedrock id, or a profile's id or ARN."""
    name = model_id.rsplit("/", 1)[-1]
    return _MODELS.get(_DATED.sub("", _PREFIX.sub("", name)))
