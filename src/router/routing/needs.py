"""What a request needs of a model, and what a model lacks for it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from router.catalog.file_limits import file_limits
from router.catalog.models import Model
from router.conversation.blocks import Document, Image
from router.intake.request import Request
from router.invocation.call import ModelCall
from router.providers.expressible import is_plain, unexpressible
from router.routing.file_needs import too_much

# A token is hardly ever longer: a text of so many bytes a token is certainly too long.
_LONGEST_TOKEN = 8
# Efforts that Claude knows no word for.
_OF_OPENAI_ALONE = ("none", "minimal")


def lacks(model: Model, request: Request) -> tuple[str, ...]:
    """Return what a model cannot do of what a request needs, in words."""
    return tuple(_lacks(model, request))


def dropped(model: Model, request: Request) -> tuple[str, ...]:
    """Return the sampling options of a request that have no effect with a model."""
    # `stop` is kept by us where a model has none.
    return tuple(name for name in not_taken(model, request) if name != "stop")


def not_taken(model: Model, request: Request) -> tuple[str, ...]:
    """Return the sampling options of a request that are not sent to a model."""
    given = request.options.sampling
    if not given:
        return ()
    names = given.keys() - model.can.sampling
    if model.provider != "openai" and given.get("reasoning_effort") in _OF_OPENAI_ALONE:
        names |= {"reasoning_effort"}
    return tuple(sorted(names))


def _lacks(model: Model, request: Request) -> Iterator[str]:
    can, asked = model.can, request.conversation
    if model.context_tokens and request.input_bytes > model.context_tokens * _LONGEST_TOKEN:
        yield f"has a window of {model.context_tokens} tokens"
    if is_plain(asked, request.options):
        return  # as most are
    if (asked.tools or asked.has_tool_turns) and not can.tools:
        yield "takes no tools"
    if asked.choice and asked.choice.kind in ("required", "named") and not can.forced_tools:
        yield f"takes no tool_choice {asked.choice.kind}"
    media = asked.media
    if any(isinstance(part, Image) for part in media) and not can.images:
        yield "takes no images"
    if any(isinstance(part, Document) for part in media) and not can.documents:
        yield "takes no documents"
    if media:
        limits = file_limits(model.provider, model.context_tokens)
        yield from (f"does not take {what}" for what in too_much(media, limits))
    if request.unsupported != "drop":
        yield from (f"takes no {name}" for name in dropped(model, request))
    if problem := unexpressible(_call(model, request)):
        yield problem


def _call(model: Model, request: Request) -> ModelCall:
    return ModelCall(
        model.provider,
        model.model,
        request.conversation,
        model.max_tokens,
        options=request.options,
        without=not_taken(model, request),
    )


def missing(models: Iterable[Model], request: Request) -> str:
    """Return why no model can serve, as an error explains it."""
    return "; ".join(
        dict.fromkeys(
            f"{model.model} {problem}" for model in models for problem in lacks(model, request)
        )
    )
