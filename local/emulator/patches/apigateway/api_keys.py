"""A function behind an API gets the id of the calling key; an empty key value is generated.

AWS: `requestContext.identity` of a method with `apiKeyRequired` has `apiKey` and `apiKeyId`; a key
that is made with the value "", as Terraform's provider sends it, gets a value.
MiniStack 1.5.33: checks the key and does not pass it on; refuses "" as too short.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack.services import apigateway_v1

from local.emulator.patches.registry import replaces

_key: ContextVar[dict[str, Any] | None] = ContextVar("api_key", default=None)


@replaces(apigateway_v1, "_check_api_key")
def check_and_remember(original: Callable[..., Any], *args: Any) -> Any:
    """Remember the key that was checked, for the event of the same request."""
    error, key = original(*args)
    _key.set(key)
    return error, key


@replaces(apigateway_v1, "_build_lambda_event_v1")
def build_with_key(original: Callable[..., Any], *args: Any, **options: Any) -> dict[str, Any]:
    """Put the key into the event."""
    event: dict[str, Any] = original(*args, **options)
    if key := _key.get():
        identity = event["requestContext"]["identity"]
        identity.update({"apiKey": key["value"], "apiKeyId": key["id"]})
    return event


@replaces(apigateway_v1, "_create_api_key")
def create_with_a_value(original: Callable[..., Any], data: dict[str, Any]) -> Any:
    """Take an empty value as no value."""
    return original({**data, "value": data.get("value") or None})
