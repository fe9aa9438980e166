"""Who may not call an API is refused in the API's own words.

AWS: a caller of a REST API without `execute-api:Invoke` gets its gateway response ACCESS_DENIED.
MiniStack 1.5.33 under AUTH=true: gets IAM's own error, in another shape.
"""

from typing import Any

from ministack import app as ministack
from ministack.core.iam_evaluator import AuthError
from ministack.services import apigateway_v1


def apply() -> None:
    """Put a denial where failed signatures are already, and answer it so."""
    apigateway_v1._AUTHENTICATION_GATEWAY_ERRORS["AccessDenied"] = (
        "ACCESS_DENIED",
        "AccessDeniedException",
    )
    enforce = ministack._enforce_execute_api

    def enforce_in_shape(
        api: str, stage: str, method: str, path: str, headers: Any, query: Any, **options: Any
    ) -> Any:
        denied = enforce(api, stage, method, path, headers, query, **options)
        if denied and b"is not authorized to perform" in denied[2]:
            error = AuthError("AccessDenied", "User is not authorized to access this resource")
            shown = apigateway_v1.authentication_error_response(api, stage, error, headers, query)
            return shown or denied
        return denied

    ministack._enforce_execute_api = enforce_in_shape
