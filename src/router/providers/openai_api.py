"""OpenAI through its official SDK: for plans that the HTTP Task cannot serve."""

from __future__ import annotations

import os
from typing import Any

import openai

from router import errors
from router.invocation.call import Answer, ModelCall
from router.providers.json_modes import fits_openai_strictly
from router.providers.openai_chat import http_body, read_completion
from router.providers.ssm_keys import api_key
from router.providers.statuses import error_of_connection, error_of_status, words


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
        body: Any = http_body(call)
        client = self._client.with_options(api_key=api_key(self._key_parameter))
        try:
            response = client.chat.completions.create(
                **body, response_format=_bound_to_schema(call)
            )
        except openai.APITimeoutError as error:
            raise errors.ModelTimeout("no answer within the time limit") from error
        except openai.APIStatusError as error:
            detail = words(error.code, error.type)
            too_long = error.code == "context_length_exceeded"
            raise error_of_status(error.status_code, detail, too_long=too_long) from error
        except openai.APIResponseValidationError as error:
            raise errors.BadResponse("the body is not a chat completion") from error
        except openai.APIConnectionError as error:
            raise error_of_connection(error) from error
        # A body that is not JSON comes back as a plain string.
        is_object = isinstance(response, openai.BaseModel)
        return read_completion(response.to_dict() if is_object else response, call.mode)


def _bound_to_schema(call: ModelCall) -> Any:
    if call.schema is None:
        return openai.omit
    # Without strict the model sees the whole schema, and is bound to JSON alone.
    strict = fits_openai_strictly(call.schema)
    schema = {"name": "answer", "schema": call.schema, "strict": strict}
    return {"type": "json_schema", "json_schema": schema}
