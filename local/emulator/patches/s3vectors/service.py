"""S3 Vectors is served, and its calls are authorized like others.

AWS: REST with JSON, `POST /<Operation>`, signed as `s3vectors`; an operation on an index is
evaluated on the index's ARN.
MiniStack 1.5.33: takes such a request for one of S3's.
"""

import json
from collections.abc import Callable
from typing import Any

from ministack import app
from ministack.core import iam_actions

from local.emulator.patches.iam import connection_authorization
from local.emulator.patches.registry import adds, replaces
from local.emulator.s3_vectors import Refused, S3Vectors

SERVICE = "s3vectors"
_SCOPE = f"/{SERVICE}/aws4_request"
_vectors = S3Vectors()


@replaces(app, "detect_service")
def detect(
    original: Callable[..., str], method: str, path: str, headers: dict[str, str], query: Any
) -> str:
    """Know the service by what its requests are signed for."""
    if _SCOPE in headers.get("authorization", ""):
        return SERVICE
    return original(method, path, headers, query)


@adds(app, "SERVICE_HANDLERS", SERVICE)
async def handle(
    _method: str, path: str, _headers: dict[str, str], body: bytes, _query: Any
) -> tuple[int, dict[str, str], bytes]:
    """Answer one operation, or with the error that AWS names."""
    headers = {"content-type": "application/json"}
    try:
        answer = _vectors.answer(path.strip("/"), json.loads(body or b"{}"))
    except Refused as refused:
        headers["x-amzn-errortype"] = refused.name
        return refused.status, headers, json.dumps({"message": str(refused)}).encode()
    return 200, headers, json.dumps(answer).encode()


@replaces(iam_actions, "extract_iam_action")
def action(original: Callable[..., Any], service: str, method: str, path: str, *rest: Any) -> Any:
    """Authorize by the operation's name."""
    if service == SERVICE:
        return f"{SERVICE}:{path.strip('/')}"
    return original(service, method, path, *rest)


@replaces(iam_actions, "extract_resource_arn", after=connection_authorization)
def resource(
    original: Callable[..., str],
    service: str,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    *rest: Any,
) -> str:
    """Authorize on the index, as its ARN names it."""
    if service == SERVICE:
        return str(json.loads(body or b"{}").get("indexArn", "*"))
    return original(service, method, path, headers, body, *rest)
