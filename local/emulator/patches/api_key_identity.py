"""A function behind an API that asks for a key is told which key it was.

AWS: `requestContext.identity` of a method with `apiKeyRequired` has `apiKey` and `apiKeyId`.
MiniStack 1.5.33: checks the key and says nothing of it.
"""

from contextvars import ContextVar
from typing import Any

from ministack.services import apigateway_v1

_key: ContextVar[dict[str, Any] | None] = ContextVar("api_key", default=None)


def apply() -> None:
    """Remember the key that was checked, and put it into the event of the same request."""
    check_api_key = apigateway_v1._check_api_key
    build_event = apigateway_v1._build_lambda_event_v1

    def check_and_remember(*args: Any) -> Any:
        error, key = check_api_key(*args)
        _key.set(key)
        return error, key

    def build_with_key(*args: Any, **options: Any) -> dict[str, Any]:
        event: dict[str, Any] = build_event(*args, **options)
        if key := _key.get():
            identity = event["requestContext"]["identity"]
            identity.update({"apiKey": key["value"], "apiKeyId": key["id"]})
        return event

    apigateway_v1._check_api_key = check_and_remember
    apigateway_v1._build_lambda_event_v1 = build_with_key
