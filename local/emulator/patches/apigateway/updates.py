"""A change of an API in place is kept in its own types; an authorizer in use stays.

AWS: the values of patch operations are text, and UpdateMethod, UpdateAuthorizer and UpdateUsagePlan
answer booleans and numbers; DeleteAuthorizer is a ConflictException while a method names it.
MiniStack 1.5.33: keeps the text, so that Terraform cannot read its own change and "false" counts as
true; deletes what methods still name.
"""

from collections.abc import Callable, Iterator
from typing import Any

from ministack.services import apigateway_v1

from local.emulator.patches.registry import replaces

_NUMBERS: dict[str, Callable[[str], Any]] = {
    "/authorizerResultTtlInSeconds": int,
    "/throttle/rateLimit": float,
    "/throttle/burstLimit": int,
    "/quota/limit": int,
    "/quota/offset": int,
}


@replaces(apigateway_v1, "_update_method")
@replaces(apigateway_v1, "_update_authorizer")
@replaces(apigateway_v1, "_update_usage_plan")
def update_typed(original: Callable[..., Any], *args: Any) -> Any:
    """Read each value before the emulator keeps it."""
    *where, data = args
    operations = [_read(operation) for operation in data.get("patchOperations") or []]
    return original(*where, {**data, "patchOperations": operations})


@replaces(apigateway_v1, "_delete_authorizer")
def delete_unused(original: Callable[..., Any], api_id: str, authorizer_id: str) -> Any:
    """Look for methods that name the authorizer first."""
    found = apigateway_v1._authorizers_v1.get(api_id, {}).get(authorizer_id)
    if found and (method := next(_methods_with(api_id, authorizer_id), None)):
        message = f"Cannot delete authorizer '{found['name']}', is referenced in method: {method}"
        return apigateway_v1._v1_error("ConflictException", message, 409)
    return original(api_id, authorizer_id)


def _read(operation: dict[str, Any]) -> dict[str, Any]:
    path, value = operation.get("path", ""), operation.get("value")
    if not isinstance(value, str):
        return operation
    if path == "/apiKeyRequired" or path.startswith("/requestParameters/"):
        return {**operation, "value": value.lower() == "true"}
    return {**operation, "value": _NUMBERS.get(path, str)(value)}


def _methods_with(api_id: str, authorizer_id: str) -> Iterator[str]:
    for resource in apigateway_v1._resources.get(api_id, {}).values():
        for verb, method in resource["resourceMethods"].items():
            if method.get("authorizerId") == authorizer_id:
                yield f"{verb}/{resource['path']}"
