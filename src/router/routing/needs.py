"""What a request needs of a model, and what a model lacks for it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from router.catalog.models import Model
from router.conversation.blocks import Document, Image
from router.intake.request import Request

# A token is hardly ever longer: a text of so many bytes a token is certainly too long.
_LONGEST_TOKEN = 8


def lacks(model: Model, request: Request) -> tuple[str, ...]:
    """Return what a model cannot do of what a request needs, in words."""
    return tuple(_lacks(model, request))


def dropped(model: Model, request: Request) -> tuple[str, ...]:
    """Return the sampling options of a request that have no effect with a model."""
    # `stop` is kept by us where a model has none.
    return tuple(name for name in not_taken(model, request) if name != "stop")


def not_taken(model: Model, request: Request) -> tuple[str, ...]:
    """Return the sampling options of a request that are not sent to a model."""
    return tuple(sorted(request.options.sampling.keys() - model.can.sampling))


def _lacks(model: Model, request: Request) -> Iterator[str]:
    can, asked = model.can, request.conversation
    if (asked.tools or asked.has_tool_turns) and not can.tools:
        yield "tools"
    if asked.choice and asked.choice.kind in ("required", "named") and not can.forced_tools:
        yield f"tool_choice {asked.choice.kind}"
    media = asked.media
    if any(isinstance(part, Image) for part in media) and not can.images:
        yield "images"
    if any(isinstance(part, Document) for part in media) and not can.documents:
        yield "documents"
    if model.context_tokens and request.input_bytes > model.context_tokens * _LONGEST_TOKEN:
        yield f"a window of more than {model.context_tokens} tokens"
    if request.unsupported != "drop":
        yield from dropped(model, request)


def missing(models: Iterable[Model], request: Request) -> str:
    """Return what no model has, as an error names it."""
    names = {name: None for model in models for name in lacks(model, request)}
    return ", ".join(names)
