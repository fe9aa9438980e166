"""Anthropic's own API through its official SDK."""

from __future__ import annotations

import os
from typing import Any

import anthropic

from router import errors
from router.encoding import mapping_of
from router.invocation.call import Answer, ModelCall
from router.providers.anthropic_messages import read_message
from router.providers.json_modes import for_claude, has_claude_mode
from router.providers.ssm_keys import api_key
from router.providers.statuses import error_of_connection, error_of_status, words


class Anthropic:
    """Messages; one wire call an attempt."""

    def __init__(self, client: anthropic.Anthropic, key_parameter: str) -> None:
        self._client = client
        self._key_parameter = key_parameter

    @classmethod
    def from_environment(cls) -> Anthropic:
        """Return the adapter; the key is read from SSM at each call, and kept for a minute."""
        client = anthropic.Anthropic(
            api_key="read at each call",
            max_retries=0,
            timeout=anthropic.Timeout(float(os.environ["MODEL_TIMEOUT_SECONDS"]), connect=5),
        )
        return cls(client, os.environ["ANTHROPIC_API_KEY_PARAMETER"])

    def complete(self, call: ModelCall) -> Answer:
        """Return the model's text; see ``Provider``."""
        output_config: Any = anthropic.omit
        if call.schema is not None:
            call, output_config = _bound_to_schema(call)
        messages: Any = list(call.messages)
        service_tier: Any = call.service_tier or anthropic.omit
        client = self._client.with_options(api_key=api_key(self._key_parameter))
        try:
            response = client.messages.create(
                model=call.model,
                messages=messages,
                max_tokens=call.max_tokens,
                system=_system(call),
                output_config=output_config,
                service_tier=service_tier,
            )
        except anthropic.APITimeoutError as error:
            raise errors.ModelTimeout("no answer within the time limit") from error
        except anthropic.APIStatusError as error:
            too_long = "too long" in error.message.lower()
            detail = words(mapping_of(mapping_of(error.body).get("error")).get("type"))
            raise error_of_status(error.status_code, detail, too_long=too_long) from error
        except anthropic.APIResponseValidationError as error:
            raise errors.BadResponse("the body is not a message") from error
        except anthropic.APIConnectionError as error:
            raise error_of_connection(error) from error
        # A body that is not JSON comes back as a plain string.
        is_object = isinstance(response, anthropic.BaseModel)
        return read_message(response.to_dict() if is_object else response, call.mode)


def _system(call: ModelCall) -> Any:
    if not call.marks_system:
        return call.system or anthropic.omit
    return [{"type": "text", "text": call.system, "cache_control": {"type": "ephemeral"}}]


def _bound_to_schema(call: ModelCall) -> tuple[ModelCall, Any]:
    from router.invocation.answer_schema import with_schema_instructions

    mode = for_claude(call.schema or {}) if has_claude_mode(call.model) else None
    config = {"format": {"type": "json_schema", "schema": mode}} if mode else anthropic.omit
    return (call if mode == call.schema else with_schema_instructions(call)), config
