"""What the user's turn will cost with a model: this call, and those of the tool loop that follows.
Pure.

The conversation so far shows how long such a turn is: how many calls, how long their answers, how
much each adds to the prompt.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from cost_calculator.agent_loops import Cache, Loop, loop_usd
from router.catalog.models import Model
from router.catalog.pricing_context import PricingContext
from router.catalog.prompt_cache import least_tokens
from router.catalog.tokens import estimated_tokens
from router.config.settings import Config
from router.config.tenants import Rules
from router.conversation.blocks import Conversation
from router.conversation.size import sent_bytes
from router.intake.request import Request
from router.routing.plan import is_kept

# OpenAI keeps prompts of so many tokens by itself.
_LEAST_OF_OPENAI = 1_024


def turn_usd(
    model: Model,
    request: Request,
    config: Config,
    rules: Rules,
    pricing: PricingContext,
    *,
    is_warm: bool,
) -> Decimal | None:
    """Return what the turn costs with a model, ``None`` if its price is not known.

    With ``is_warm`` its provider has kept what the call before this one sent, if it keeps prompts.
    """
    conversation = request.conversation
    loop = _loop(request, model)
    kept = 0
    before = before_the_answer(conversation)
    if is_warm and before is not None:
        kept = _kept_tokens(model, before, config, rules)
    keeps = _keeps(model, conversation, config) and loop.prompt >= _least(model)
    cache = Cache(kept, 0 if keeps else None, paid=model.provider != "openai")
    return loop_usd(loop, model, cache, pricing.at, pricing.region)


def before_the_answer(conversation: Conversation) -> Conversation | None:
    """Return the conversation as the call before this one sent it, ``None`` if there was none."""
    turns = conversation.turns
    last = max((at for at, turn in enumerate(turns) if turn.role == "assistant"), default=None)
    return None if last is None else replace(conversation, turns=turns[:last])


def _loop(request: Request, model: Model) -> Loop:
    turns = request.conversation.turns
    answers = [turn for turn in turns if turn.role == "assistant"]
    asked = sum(turn.role == "user" for turn in turns) - 1  # this turn has no answer yet
    calls = -(-len(answers) // max(asked, 1))
    nothing = Conversation(())
    said = sent_bytes(replace(nothing, turns=tuple(answers)))
    given = sent_bytes(replace(nothing, turns=tuple(t for t in turns if t.role == "tool")))
    count = max(len(answers), 1)
    return Loop(
        prompt=estimated_tokens(request.input_bytes),
        growth=estimated_tokens((said + given) // count),
        answer=min(estimated_tokens(said // count), model.max_tokens),
        calls=max(calls, 1),
    )


def _kept_tokens(model: Model, before: Conversation, config: Config, rules: Rules) -> int:
    tokens = estimated_tokens(sent_bytes(before))
    if tokens < _least(model):
        return 0
    if _keeps(model, before, config):
        return tokens
    instructions = estimated_tokens(len((before.system_text or "").encode()))
    is_marked = rules.prompt_cache and model.provider != "openai"
    return instructions if is_marked and instructions >= _least(model) else 0


def _keeps(model: Model, conversation: Conversation, config: Config) -> bool:
    """Whether a provider keeps all of a prompt: by itself, or by points of ours or the caller's."""
    if model.provider == "openai":
        return True
    if least_tokens(model.model) is None:
        return False
    return (config.cache_points and is_kept(conversation)) or _is_marked(conversation)


def _is_marked(conversation: Conversation) -> bool:
    return any(
        getattr(block, "cache", None) for turn in conversation.turns for block in turn.blocks
    )


def _least(model: Model) -> int:
    if model.provider == "openai":
        return _LEAST_OF_OPENAI
    return least_tokens(model.model) or 0
