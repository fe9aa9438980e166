# The REST API of the HTTP API, from docs/openapi.json: its paths, and the functions behind them. Off if `api` is null. The functions check
# bodies: the gateway's validator has one constant text for everything that is wrong with one, and a caller can do nothing with it.
# Every value is known before anything exists, so that a plan shows a new deployment where the document changes, and none elsewhere.

locals {
  api_source = jsondecode(file("${path.module}/../docs/openapi.json"))

  # A path of the tag `protocol` is a provider's own: its answers take as long as a model takes, and arrive as they are written.
  api_integrations = {
    for name, streams in { api = false, converse = true } : name => merge(
      {
        type       = "aws_proxy"
        httpMethod = "POST"
        uri = join("", [
          "arn:${local.partition}:apigateway:${local.region}:lambda:path/",
          streams ? "2021-11-15" : "2015-03-31", "/functions/",
          "arn:${local.partition}:lambda:${local.arn_suffix}:function:${local.api_function_names[name]}",
          streams ? "/response-streaming-invocations" : "/invocations",
        ])
        timeoutInMillis = 1000 * local.known_functions[name].timeout
      },
      { for mode in streams ? ["STREAM"] : [] : "responseTransferMode" => mode },
    )
  }
  # As in functions.tf; the functions themselves depend on who may call them.
  api_function_names = { for name in ["api", "converse", "authorize"] : name => "${var.name}-${name}" }

  api_paths = {
    for path, operations in local.api_source.paths : path => merge(
      {
        for verb, operation in operations : verb => {
          operationId = operation.operationId
          parameters = [
            for parameter in operation.parameters : {
              name     = parameter.name
              in       = parameter.in
              required = try(parameter.required, false)
              schema   = { type = "string" }
            }
          ]
          security                        = [{ (local.api_scheme_of[path]) = [] }]
          responses                       = {}
          x-amazon-apigateway-integration = local.api_integrations[contains(try(operation.tags, []), "protocol") ? "converse" : "api"]
        }
      },
      { for preflight in local.api_cors == null ? [] : [local.api_preflights[path]] : "options" => preflight },
    )
  }

  api_document = var.api == null ? "" : jsonencode({
    openapi = local.api_source.openapi
    info = {
      title       = var.name
      version     = local.api_source.info.version
      description = "The HTTP API of ${var.name}."
    }
    paths                                 = local.api_paths
    components                            = { securitySchemes = local.api_schemes }
    x-amazon-apigateway-gateway-responses = local.api_gateway_responses
  })
}

resource "aws_api_gateway_rest_api" "this" {
  #checkov:skip=CKV2_AWS_53: the function refuses what is malformed, by field; the gateway would say one text for everything

  count = var.api == null ? 0 : 1

  name        = var.name
  description = "The HTTP API of ${var.name}."
  body        = local.api_document
  tags        = local.tags

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  lifecycle {
    create_before_destroy = true
  }
}
