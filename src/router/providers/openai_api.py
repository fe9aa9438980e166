"""OpenAI through its official SDK: for plans that the HTTP Task cannot serve."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import openai

from router import errors
from router.catalog.service_tiers import mode_of
from router.invocation.call import Answer, ModelCall
from router.providers.http_errors import error_of_connection, error_of_status
from router.providers.json_modes import fits_openai_strictly
from router.providers.ssm_keys import api_key

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion


class OpenAI:
    """Chat completions; one wire call an attempt."""

    def __init__(self, client: openai.OpenAI, key_parameter: str) -> None:
        self._client = client
        self._key_parameter = key_parameter

    @classmethod
    def from_environment(cls) -> OpenAI:
        """Return the adapter; the key is read from SSM at each call, and kept for a minute."""
        client = openai.OpenAI(
            api_key="read at each call",
            max_retries=0,
            timeout=openai.Timeout(float(os.environ["MODEL_TIMEOUT_SECONDS"]), connect=5),
        )
        return cls(client, os.environ["OPENAI_API_KEY_PARAMETER"])

    def complete(self, call: ModelCall) -> Answer:
        """Return the model's text; see ``Provider``."""
        system = [{"role": "system", "content": call.system}] if call.system else []
        messages: Any = [*system, *call.messages]
        service_tier: Any = call.service_tier or openai.omit
        client = self._client.with_options(api_key=api_key(self._key_parameter))
        try:
            response = client.chat.completions.create(
                model=call.model,
                messages=messages,
                max_completion_tokens=call.max_tokens,
                response_format=_bound_to_schema(call),
                service_tier=service_tier,
            )
        except openai.APITimeoutError as error:
            raise errors.ModelTimeout("no answer within the time limit") from error
        except openai.APIStatusError as error:
            too_long = error.code == "context_length_exceeded"
            detail = f"{error.code or error.type}: {error.message}"
            raise error_of_status(error.status_code, detail, too_long=too_long) from error
        except openai.APIResponseValidationError as error:
            raise errors.BadResponse("the body is not a chat completion") from error
        except openai.APIConnectionError as error:
            raise error_of_connection(error) from error
        return _answer(response)


def _bound_to_schema(call: ModelCall) -> Any:
    if call.schema is None:
        return openai.omit
    # Without strict the model sees the whole schema, and is bound to JSON alone.
    strict = fits_openai_strictly(call.schema)
    schema = {"name": "answer", "schema": call.schema, "strict": strict}
    return {"type": "json_schema", "json_schema": schema}


def _answer(response: ChatCompletion) -> Answer:
    # A body that is not JSON comes back as a plain string.
    if not isinstance(response, openai.BaseModel):
        raise errors.BadResponse("the body is not a chat completion")
    body = response.to_dict()
    usage: Any = body.get("usage")
    tier: Any = body.get("service_tier")
    facts: dict[str, Any] = {
        "usage": usage,
        "response_model": body.get("model"),
        "mode": mode_of(tier) if tier else None,
    }
    choices: Any = body.get("choices") or [{}]
    message = choices[0].get("message") or {}
    finish = choices[0].get("finish_reason")
    if message.get("refusal"):
        raise errors.Refused("the model declined", **facts)
    if finish == "content_filter":
        raise errors.Filtered("finish reason content_filter", **facts)
    text = message.get("content")
    if not isinstance(text, str) or not text:
        raise errors.BadResponse(f"no text; finish reason {finish}", **facts)
    return Answer(text, finish == "length", **facts)
