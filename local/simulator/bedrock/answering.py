"""What Converse answers with: blocks, usage, the reason to stop, a guardrail's intervention."""

from __future__ import annotations

import json

from local.simulator.conversation import ToolCall
from local.simulator.model import Answered, Ending, Json, Reply
from local.simulator.thoughts import sign

_ENDINGS: dict[Ending, str] = {
    "end": "end_turn",
    "length": "max_tokens",
    "refusal": "content_filtered",
    "filter": "content_filtered",
    "guardrail": "guardrail_intervened",
    "tools": "tool_use",
    "stop": "stop_sequence",
}
GUARDRAIL_STOPS = "forbidden fruit"
GUARDRAIL_SAYS = "The guardrail does not let this pass."
GUARDRAIL_SPOKE = {
    "topicPolicy": {"topics": [{"name": "Orchards", "type": "DENY", "action": "BLOCKED"}]},
    "wordPolicy": {"customWords": [{"match": GUARDRAIL_STOPS, "action": "BLOCKED"}]},
}


def body_of(answered: Answered) -> Json:
    """The body of a whole answer."""
    if stopped := intervention(answered):
        return stopped
    reply = answered.reply
    content: list[Json] = []
    if reply.thinking:
        signature = sign(answered.ask.model, reply.thinking)
        thought = {"text": reply.thinking, "signature": signature}
        content.append({"reasoningContent": {"reasoningText": thought}})
    if reply.text:
        content.append({"text": reply.text})
    content += [{"toolUse": {**tool_use(call), "input": _input(call)}} for call in reply.calls]
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop_reason(reply),
        **metadata(answered),
    }


def tool_use(call: ToolCall) -> Json:
    """A call's id and name."""
    return {"toolUseId": own_id(call.id), "name": call.name}


def own_id(call_id: str) -> str:
    """An id as Bedrock makes them; one that a rule orders stays as it is."""
    return f"tooluse_{call_id[:22]}" if len(call_id) == 24 and call_id.isalnum() else call_id


def stop_reason(reply: Reply) -> str:
    return reply.stop_reason or _ENDINGS[reply.ending]


def metadata(answered: Answered) -> Json:
    """What is known of the call: a whole answer has it beside the message, a stream at its end."""
    reply = answered.reply
    kept = (reply.kept.read, reply.kept.written)
    counted: Json = {
        "inputTokens": reply.input_tokens,
        "outputTokens": reply.output_tokens,
        "totalTokens": reply.input_tokens + sum(kept) + reply.output_tokens,
        "cacheReadInputTokens": reply.kept.read,
        "cacheWriteInputTokens": reply.kept.written,
    }
    if reply.kept.written:
        counted["cacheDetails"] = [{"ttl": "5m", "inputTokens": reply.kept.written}]
    usage = answered.usage(counted)
    return {
        **({} if usage is None else {"usage": usage}),
        "metrics": {"latencyMs": answered.milliseconds},
        "serviceTier": {"type": answered.ask.service_tier or "default"},
        "performanceConfig": {"latency": answered.ask.latency or "standard"},
    }


def intervention(answered: Answered) -> Json | None:
    """What Converse says if its guardrail stops the prompt (nothing is billed) or the answer."""
    reply = answered.reply
    if not answered.ask.guarded:
        return None
    counted: Json = {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}
    if GUARDRAIL_STOPS in answered.ask.prompt:
        trace: Json = {"inputAssessment": {"simulated": GUARDRAIL_SPOKE}}
    elif GUARDRAIL_STOPS in reply.text:
        total = reply.input_tokens + reply.output_tokens
        counted = {"inputTokens": reply.input_tokens, "outputTokens": reply.output_tokens}
        counted["totalTokens"] = total
        trace = {"outputAssessments": {"simulated": [GUARDRAIL_SPOKE]}}
    else:
        return None
    usage = answered.usage(counted)
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": GUARDRAIL_SAYS}]}},
        "stopReason": "guardrail_intervened",
        "metrics": {"latencyMs": answered.milliseconds},
        **({} if usage is None else {"usage": usage}),
        "trace": {"guardrail": trace},
    }


def _input(call: ToolCall) -> Json:
    """The arguments as an object: {} for what was cut off, or never was one."""
    try:
        parsed = json.loads(call.arguments or "{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
