"""Amazon Bedrock Runtime: `POST /model/{modelId}/converse`."""

import json
import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from local.simulator import catalogue
from local.simulator.model import Answered, Ask, Ending, Json, Reject, Request, turns_of

_PATH = re.compile(r"^/model/(?P<model>[^/]+)/converse$")
_CREDENTIAL = re.compile(r"Credential=([^/,]+)/")
_ENDINGS: dict[Ending, str] = {
    "end": "end_turn",
    "length": "max_tokens",
    "refusal": "content_filtered",
    "filter": "content_filtered",
    "guardrail": "guardrail_intervened",
}
_ERRORS = {
    400: ("ValidationException", "The request is not valid."),
    403: (
        "AccessDeniedException",
        "You don't have access to the model with the specified model ID.",
    ),
    404: (
        "ResourceNotFoundException",
        "Could not resolve the foundation model from the identifier.",
    ),
    408: ("ModelTimeoutException", "The model took too long to process the request."),
    424: ("ModelErrorException", "The system encountered an unexpected error during processing."),
    429: ("ThrottlingException", "Too many requests, please wait before trying again."),
    500: ("InternalServerException", "The system encountered an unexpected error. Try again."),
    503: ("ServiceUnavailableException", "Bedrock is unable to process your request."),
}
GUARDRAIL_STOPS = "forbidden fruit"
GUARDRAIL_SAYS = "The guardrail does not let this pass."
GUARDRAIL_SPOKE = {
    "topicPolicy": {"topics": [{"name": "Orchards", "type": "DENY", "action": "BLOCKED"}]},
    "wordPolicy": {"customWords": [{"match": GUARDRAIL_STOPS, "action": "BLOCKED"}]},
}
_TIERS = ("priority", "default", "flex", "reserved")
_LATENCIES = ("standard", "optimized")
_SAMPLING = {"temperature": "temperature", "topP": "top_p", "topK": "top_k", "top_k": "top_k"}


class Bedrock:
    """The Converse API, request checks and error shapes included."""

    name = "bedrock"

    def model_of(self, path: str) -> str | None:
        found = _PATH.match(path)
        return unquote(found["model"]) if found else None

    def authorize(self, headers: Mapping[str, str], knows: Callable[[str], bool]) -> str:
        found = _CREDENTIAL.search(headers.get("authorization", ""))
        if not found:
            raise Reject(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
        if not knows(found[1]):
            raise Reject(
                403,
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            )
        return found[1]

    def read(self, request: Request) -> Ask:
        body = request.body
        known = catalogue.find(request.model)
        if known is None:
            raise _invalid("The provided model identifier is invalid.")
        if known.retired:
            raise Reject(
                404,
                "ResourceNotFoundException",
                "This model version has reached the end of its life. "
                "Please refer to the AWS documentation for more details.",
            )
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            raise _invalid("The conversation must start with a user message.")
        config = body.get("inferenceConfig") or {}
        extra = body.get("additionalModelRequestFields") or {}
        _check(known, config, extra, body, messages)
        texts = [_texts(message, index) for index, message in enumerate(messages)]
        system = "\n".join(block["text"] for block in body.get("system") or [] if "text" in block)
        text_format = (body.get("outputConfig") or {}).get("textFormat")
        schema = text_format["structure"]["jsonSchema"]["schema"] if text_format else None
        return Ask(
            model=request.model,
            prompt="\n".join(filter(None, [system, *texts])),
            question=texts[-1],
            max_tokens=config.get("maxTokens"),
            schema=json.loads(schema) if schema else None,
            marked=system
            if any("cachePoint" in block for block in body.get("system") or [])
            else "",
            turns=turns_of(system, messages, texts),
            guarded="guardrailConfig" in body,
            service_tier=_one_of(_TIERS, "serviceTier", "type", body),
            latency=_one_of(_LATENCIES, "performanceConfig", "latency", body),
        )

    def answer(self, answered: Answered) -> Json:
        reply = answered.reply
        if answered.ask.guarded and (stopped := _stopped(answered)):
            return stopped
        content: list[Json] = []
        if reply.thinking:
            thought = {"text": reply.thinking, "signature": "c2ltdWxhdGVk"}
            content.append({"reasoningContent": {"reasoningText": thought}})
        if reply.text:
            content.append({"text": reply.text})
        kept = (reply.kept.read, reply.kept.written)
        usage: Json = {
            "inputTokens": reply.input_tokens,
            "outputTokens": reply.output_tokens,
            "totalTokens": reply.input_tokens + sum(kept) + reply.output_tokens,
            "cacheReadInputTokens": reply.kept.read,
            "cacheWriteInputTokens": reply.kept.written,
        }
        if reply.kept.written:
            usage["cacheDetails"] = [{"ttl": "5m", "inputTokens": reply.kept.written}]
        return {
            "output": {"message": {"role": "assistant", "content": content}},
            "stopReason": _ENDINGS[reply.ending],
            "usage": usage,
            "metrics": {"latencyMs": answered.milliseconds},
            "serviceTier": {"type": answered.ask.service_tier or "default"},
            "performanceConfig": {"latency": answered.ask.latency or "standard"},
        }

    def without_content(self, body: Json) -> Json:
        return {**body, "output": {"message": {"role": "assistant", "content": []}}}

    def reject(self, status: int, code: str | None, message: str | None) -> Reject:
        usual = _ERRORS.get(status, _ERRORS[500])
        return Reject(status, code or usual[0], message or usual[1])

    def error(self, reject: Reject) -> Json:
        if reject.code == "ModelErrorException":
            return {"message": reject.message, "originalStatusCode": 500}
        return {"message": reject.message}

    def headers(self, request_id: str, reject: Reject | None) -> dict[str, str]:
        headers = {"x-amzn-RequestId": request_id}
        if reject:
            namespace = "http://internal.amazon.com/coral/com.amazon.bedrock/"
            headers["x-amzn-ErrorType"] = f"{reject.code}:{namespace}"
        return headers


def _one_of(allowed: tuple[str, ...], field: str, name: str, body: Json) -> str:
    """The word that a field asks for, "" if it is left out; others are refused as by Bedrock."""
    word = str((body.get(field) or {}).get(name, ""))
    if word and word not in allowed:
        raise _invalid(
            f"1 validation error detected: Value '{word}' at '{field}.{name}' failed to satisfy "
            f"constraint: Member must satisfy enum value set: [{', '.join(allowed)}]"
        )
    return word


def _stopped(answered: Answered) -> Json | None:
    """What Converse says if its guardrail stops the prompt (nothing is billed) or the answer."""
    reply, content = answered.reply, [{"text": GUARDRAIL_SAYS}]
    body: Json = {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": "guardrail_intervened",
        "metrics": {"latencyMs": answered.milliseconds},
    }
    if GUARDRAIL_STOPS in answered.ask.prompt:
        usage = {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}
        trace: Json = {"inputAssessment": {"simulated": GUARDRAIL_SPOKE}}
    elif GUARDRAIL_STOPS in reply.text:
        total = reply.input_tokens + reply.output_tokens
        usage = {"inputTokens": reply.input_tokens, "outputTokens": reply.output_tokens}
        usage["totalTokens"] = total
        trace = {"outputAssessments": {"simulated": [GUARDRAIL_SPOKE]}}
    else:
        return None
    return {**body, "usage": usage, "trace": {"guardrail": trace}}


def _check(
    model: catalogue.Model, config: Json, extra: Json, body: Json, messages: list[Json]
) -> None:
    if isinstance(config.get("maxTokens"), int) and config["maxTokens"] < 1:
        raise _invalid("maxTokens must be greater than or equal to 1.")
    given = [wire for name, wire in _SAMPLING.items() if name in config or name in extra]
    if given and model.sampling == "none":
        raise _returned(f"`{given[0]}` is deprecated for this model.")
    if model.sampling == "one" and {"temperature", "top_p"} <= set(given):
        raise _returned(
            "`temperature` and `top_p` cannot both be specified for this model. "
            "Please use only one."
        )
    if messages[0].get("role") != "user":
        raise _invalid("A conversation must start with a user message.")
    if messages[-1].get("role") != "user" and model.sampling == "none":
        raise _returned(
            "This model does not support assistant message prefill. "
            "The conversation must end with a user message."
        )
    if (
        model.vendor == "anthropic"
        and model.thinks
        and extra.get("thinking", {}).get("type")
        in {
            "enabled",
            "disabled",
        }
    ):
        raise _returned("thinking: only `adaptive` is supported for this model.")
    choice = (body.get("toolConfig") or {}).get("toolChoice") or {}
    if model.vendor == "anthropic" and model.thinks and choice.keys() & {"any", "tool"}:
        raise _returned("Thinking may not be enabled when tool_choice forces tool use.")


def _texts(message: Json, index: int) -> str:
    texts = []
    for place, block in enumerate(message.get("content") or []):
        if "text" not in block:
            continue
        if not isinstance(block["text"], str) or not block["text"].strip():
            raise _invalid(
                f"The text field in the ContentBlock object at messages.{index}.content.{place} "
                "is blank. Add text to the text field, and try again."
            )
        texts.append(block["text"])
    if not texts:
        raise _invalid(f"The content field in the Message object at messages.{index} is empty.")
    return "\n".join(texts)


def _invalid(message: str) -> Reject:
    return Reject(400, "ValidationException", message)


def _returned(message: str) -> Reject:
    return _invalid(f"The model returned the following errors: {message}")
