"""A caller without permission is refused with the API's own gateway response.

AWS: a caller of a REST API without `execute-api:Invoke` gets its gateway response ACCESS_DENIED.
MiniStack 1.5.33 under AUTH=true: gets IAM's own error, in another shape.
"""

from collections.abc import Callable
from typing import Any

from ministack import app as ministack
from ministack.core.iam_evaluator import AuthError
from ministack.services import apigateway_v1

from local.emulator.patches.registry import exchanges, replaces


@exchanges(apigateway_v1, "_AUTHENTICATION_GATEWAY_ERRORS")
def with_denials(original: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Put a denial where failed signatures are already."""
    return {**original, "AccessDenied": ("ACCESS_DENIED", "AccessDeniedException")}


@replaces(ministack, "_enforce_execute_api")
def enforce_in_shape(
    original: Callable[..., Any],
    api: str,
    stage: str,
    method: str,
    path: str,
    headers: Any,
    query: Any,
    **options: Any,
) -> Any:
    """Answer a denial in the API's shape."""
    denied = original(api, stage, method, path, headers, query, **options)
    if denied and b"is not authorized to perform" in denied[2]:
        error = AuthError("AccessDenied", "User is not authorized to access this resource")
        shown = apigateway_v1.authentication_error_response(api, stage, error, headers, query)
        return shown or denied
    return denied
