"""OpenAI's API: `POST /v1/responses`."""

import time

from local.simulator.model import Answered, Ask, Json, Reject, Request, turns_of
from local.simulator.openai import OpenAI, text_of, tier_of


class Responses(OpenAI):
    """The Responses API; keys, models, errors and headers are those of `OpenAI`."""

    path = "/v1/responses"
    limit_field = "max_output_tokens"

    def read(self, request: Request) -> Ask:
        body = request.body
        self.check(body, (body.get("reasoning") or {}).get("effort"))
        given = body.get("input")
        if not given:
            raise Reject(400, "missing_required_parameter", "Missing required parameter: 'input'.")
        items = [{"role": "user", "content": given}] if isinstance(given, str) else given
        texts = [text_of(item.get("content"), "input_text") for item in items]
        wanted = (body.get("text") or {}).get("format") or {}
        return Ask(
            model=body["model"],
            prompt="\n".join(filter(None, [body.get("instructions"), *texts])),
            question=texts[-1],
            max_tokens=body.get("max_output_tokens"),
            schema=wanted.get("schema"),
            turns=turns_of(body.get("instructions"), items, texts),
            service_tier=tier_of(body),
        )

    def answer(self, answered: Answered) -> Json:
        ask, reply = answered.ask, answered.reply
        suffix = answered.request_id.replace("-", "")
        output: list[Json] = []
        if reply.thinking:
            output.append({"id": f"rs_{suffix}", "type": "reasoning", "summary": []})
        reason = {"length": "max_output_tokens", "filter": "content_filter"}.get(reply.ending)
        status = "incomplete" if reason else "completed"
        part: Json = {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}
        if reply.ending == "refusal":
            part = {"type": "refusal", "refusal": "I'm sorry, I can't help with that."}
        if reply.text or reply.ending == "refusal":
            output.append(
                {
                    "id": f"msg_{suffix}",
                    "type": "message",
                    "status": status,
                    "role": "assistant",
                    "content": [part],
                }
            )
        return {
            "id": f"resp_{suffix}",
            "object": "response",
            "created_at": int(time.time()),
            "status": status,
            "error": None,
            "incomplete_details": {"reason": reason} if reason else None,
            "instructions": None,
            "max_output_tokens": ask.max_tokens,
            "metadata": {},
            "model": ask.model,
            "output": output,
            "parallel_tool_calls": True,
            "previous_response_id": None,
            "reasoning": {"effort": "medium", "summary": None},
            "service_tier": ask.service_tier,
            "store": True,
            "temperature": 1.0,
            "text": {"format": {"type": "text"}},
            "tool_choice": "auto",
            "tools": [],
            "top_p": 1.0,
            "truncation": "disabled",
            "usage": {
                "input_tokens": reply.input_tokens,
                "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                "output_tokens": reply.output_tokens,
                "output_tokens_details": {"reasoning_tokens": reply.thinking_tokens},
                "total_tokens": reply.input_tokens + reply.output_tokens,
            },
            "user": None,
        }

    def without_content(self, body: Json) -> Json:
        return {**body, "output": []}
