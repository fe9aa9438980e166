"""PutRestApi puts an OpenAPI document in the place of an API, with AWS's extensions.

AWS: `PUT /restapis/ID?mode=overwrite` replaces paths, authorizers and gateway responses under the
same id; integrations keep `timeoutInMillis` and `responseTransferMode`, parameters and responses of
an operation are the method's; a REQUEST authorizer that names no identity source has none.
MiniStack 1.5.33: knows ImportRestApi alone, which makes a new API, and of an operation its path,
authorizer, and the integration's type, method and URI.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.services import apigateway_v1

from local.emulator.patches.registry import replaces

Json = dict[str, Any]

_PLACES = {"query": "querystring", "path": "path", "header": "header"}
_GATEWAY_RESPONSES = "x-amazon-apigateway-gateway-responses"
_INTEGRATION = "x-amazon-apigateway-integration"


@replaces(apigateway_v1, "handle_request")
async def put_and_handle(
    original: Callable[..., Awaitable[Any]],
    method: str,
    path: str,
    headers: Any,
    body: bytes,
    query: Any,
) -> Any:
    """Answer PutRestApi; leave the rest to the emulator."""
    parts = path.strip("/").split("/")
    if method != "PUT" or len(parts) != 2 or parts[0] != "restapis":
        return await original(method, path, headers, body, query)
    if parts[1] not in apigateway_v1._rest_apis:
        return apigateway_v1._v1_error("NotFoundException", "Invalid API identifier specified", 404)
    if apigateway_v1._qp(query, "mode") != "overwrite":
        return apigateway_v1._v1_error("BadRequestException", "Only overwrite is known here", 400)
    return _put(parts[1], json.loads(body))


@replaces(apigateway_v1, "_import_operation")
def import_all(
    original: Callable[..., None],
    api: str,
    resource: str,
    verb: str,
    operation: Json,
    *security: Any,
) -> None:
    """Keep what else an operation says."""
    original(api, resource, verb, operation, *security)
    method = apigateway_v1._resources[api][resource]["resourceMethods"][verb]
    method["operationName"] = operation.get("operationId", "")
    method["requestParameters"] = {
        f"method.request.{_PLACES[each['in']]}.{each['name']}": each.get("required", False)
        for each in operation.get("parameters", [])
    }
    for status, response in operation.get("responses", {}).items():
        named = {f"method.response.header.{name}": False for name in response.get("headers", {})}
        apigateway_v1._put_method_response(
            api, resource, verb, status, {"responseParameters": named}
        )
    given, integration = operation.get(_INTEGRATION, {}), method["methodIntegration"]
    kept = ("timeoutInMillis", "responseTransferMode", "requestTemplates")
    integration.update({name: given[name] for name in kept if name in given})
    for pattern, response in given.get("responses", {}).items():
        selected = "" if pattern == "default" else pattern
        apigateway_v1._put_integration_response(
            api, resource, verb, response["statusCode"], {**response, "selectionPattern": selected}
        )


@replaces(apigateway_v1, "_import_identity_source")
def source_of_authorizer(original: Callable[..., str], scheme: Json, extension: Json) -> str:
    """A REQUEST authorizer has the sources that it names, and may name none."""
    if str(extension.get("type")).lower() == "request":
        return str(extension.get("identitySource", ""))
    return original(scheme, extension)


def _put(api_id: str, document: Json) -> Any:
    api, resources = apigateway_v1._rest_apis[api_id], apigateway_v1._resources[api_id]
    root = next(each for each in resources.values() if each["path"] == "/")
    root["resourceMethods"] = {}
    resources.clear()
    resources[root["id"]] = root
    apigateway_v1._authorizers_v1[api_id] = {}
    apigateway_v1._gateway_responses[api_id] = {}
    api["name"] = document["info"]["title"]
    api["description"] = document["info"].get("description", "")
    schemes = apigateway_v1._import_security_schemes(api_id, document)
    for path, item in document.get("paths", {}).items():
        apigateway_v1._import_path_item(api_id, path, item, schemes, document.get("security"))
    for kind, response in document.get(_GATEWAY_RESPONSES, {}).items():
        answer = apigateway_v1._put_gateway_response(api_id, kind, response)
        if answer[0] >= 400:
            return answer
    return apigateway_v1._v1_response(apigateway_v1._rest_api_view(api))
