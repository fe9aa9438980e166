"""OpenAI through its official SDK: for plans that the HTTP Task cannot serve."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import openai

from router import errors
from router.conversation.events import Delta
from router.encoding import mapping_of
from router.invocation.call import Answer, Done, ModelCall
from router.providers.openai_chat import http_body, read_completion
from router.providers.ssm_keys import api_key
from router.providers.statuses import error_of_connection, error_of_status


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
        """Return the model's answer; see ``Provider``."""
        body: Any = http_body(call)
        with _errors_of_wire():
            response = self._keyed().chat.completions.create(**body)
        # A body that is not JSON comes back as a plain string.
        is_object = isinstance(response, openai.BaseModel)
        return read_completion(response.to_dict() if is_object else response, call.mode)

    def stream(self, call: ModelCall) -> Iterator[Delta | Done]:
        """Yield the answer as it is written; see ``Provider``."""
        from router.providers.openai_stream import ChatStream
        from router.providers.streamed import read_stream

        yield from read_stream(self._chunks(http_body(call)), ChatStream(call))

    def _chunks(self, body: Any) -> Generator[Any, None, None]:
        from router.providers.openai_stream import error_of_chunk

        asked = {**body, "stream": True, "stream_options": {"include_usage": True}}
        try:
            with _errors_of_wire():
                # As they came: to make an object of each chunk, and a dict of it again, takes the
                # SDK more time than all else that is done with it.
                chunks = self._keyed().post(
                    "/chat/completions",
                    body=asked,
                    cast_to=object,
                    stream=True,
                    stream_cls=openai.Stream[object],
                )
                with chunks:
                    yield from chunks
        except openai.APIError as error:
            raise error_of_chunk(error.body) from error

    def _keyed(self) -> openai.OpenAI:
        return self._client.with_options(api_key=api_key(self._key_parameter))


@contextmanager
def _errors_of_wire() -> Iterator[None]:
    try:
        yield
    except openai.APITimeoutError as error:
        raise errors.ModelTimeout("no answer within the time limit") from error
    except openai.APIStatusError as error:
        codes, message = (error.code, error.type), mapping_of(error.body).get("message")
        raise error_of_status("openai", error.status_code, *codes, message=message) from error
    except openai.APIResponseValidationError as error:
        raise errors.BadResponse("the body is not a chat completion") from error
    except openai.APIConnectionError as error:
        raise error_of_connection(error) from error
    except json.JSONDecodeError as error:
        raise errors.BadResponse("the stream is not JSON") from error
