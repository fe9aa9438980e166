"""Anthropic's own API through its official SDK."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import anthropic
import httpx2

from router import errors
from router.conversation.events import Delta
from router.encoding import mapping_of
from router.invocation.call import Answer, Done, ModelCall
from router.providers.anthropic_messages import read_message
from router.providers.anthropic_request import messages_body
from router.providers.ssm_keys import api_key
from router.providers.statuses import error_of_connection, error_of_status


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
        """Return the model's answer; see ``Provider``."""
        body: Any = messages_body(call)
        with _errors_of_wire():
            response = self._keyed().messages.create(**body)
        # A body that is not JSON comes back as a plain string.
        is_object = isinstance(response, anthropic.BaseModel)
        return read_message(response.to_dict() if is_object else response, call.mode, call.by)

    def stream(self, call: ModelCall) -> Iterator[Delta | Done]:
        """Yield the answer as it is written; see ``Provider``."""
        from router.providers.anthropic_stream import MessageStream
        from router.providers.streamed import read_stream

        yield from read_stream(self._events(messages_body(call)), MessageStream(call))

    def _events(self, body: Any) -> Generator[Any, None, None]:
        with _errors_of_wire():
            # As they came: see the same in ``openai_api``.
            events = self._keyed().post(
                "/v1/messages",
                body={**body, "stream": True},
                cast_to=object,
                stream=True,
                stream_cls=anthropic.Stream[object],
            )
            with events:
                yield from events

    def _keyed(self) -> anthropic.Anthropic:
        return self._client.with_options(api_key=api_key(self._key_parameter))


@contextmanager
def _errors_of_wire() -> Iterator[None]:
    try:
        yield
    except anthropic.APITimeoutError as error:
        raise errors.ModelTimeout("no answer within the time limit") from error
    except anthropic.APIStatusError as error:
        if error.status_code == 200:  # an event of the stream
            from router.providers.anthropic_stream import error_of_event

            raise error_of_event(error.body) from error
        given = mapping_of(mapping_of(error.body).get("error"))
        kind, message = given.get("type"), given.get("message")
        raise error_of_status("anthropic", error.status_code, kind, message=message) from error
    except anthropic.APIResponseValidationError as error:
        raise errors.BadResponse("the body is not a message") from error
    except anthropic.APIConnectionError as error:
        raise error_of_connection(error) from error
    except httpx2.TimeoutException as error:  # the SDK lets them through, inside a stream
        raise errors.ModelTimeout("no answer within the time limit") from error
    except (httpx2.HTTPError, httpx2.StreamError) as error:
        raise errors.ModelError("the connection broke") from error
    except json.JSONDecodeError as error:
        raise errors.BadResponse("the stream is not JSON") from error
