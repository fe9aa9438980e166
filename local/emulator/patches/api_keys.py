"""A function behind an API is told which key called it; AWS thinks of a value for a key.

AWS: `requestContext.identity` of a method with `apiKeyRequired` has `apiKey` and `apiKeyId`; a key
that is made with the value "", as Terraform's provider sends it, gets a value.
MiniStack 1.5.33: checks the key and says nothing of it; refuses "" as too short.
"""

from contextvars import ContextVar
from typing import Any

from ministack.services import apigateway_v1

_key: ContextVar[dict[str, Any] | None] = ContextVar("api_key", default=None)


def apply() -> None:
    """Remember the key that was checked, and put it into the event of the same request."""
    check_api_key = apigateway_v1._check_api_key
    build_event = apigateway_v1._build_lambda_event_v1
    create_api_key = apigateway_v1._create_api_key

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

    def create_with_a_value(data: dict[str, Any]) -> Any:
        return create_api_key({**data, "value": data.get("value") or None})

    apigateway_v1._create_api_key = create_with_a_value
    apigateway_v1._check_api_key = check_and_remember
    apigateway_v1._build_lambda_event_v1 = build_with_key
