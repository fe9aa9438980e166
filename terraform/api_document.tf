# The REST API of the HTTP API: its paths, and the function behind them. Off if `api` is null. The function checks bodies: the gateway's
# validator has one constant text for everything that is wrong with one, and a caller can do nothing with it.

locals {
  # What each path takes beside a body.
  api_methods = var.api == null ? {} : {
    "POST /prompts"               = ["querystring.mode"]
    "GET /prompts/{id}"           = []
    "POST /prompts/{id}/feedback" = []
    "GET /usage"                  = ["querystring.since", "querystring.by"]
    "POST /chat/completions"      = ["header.Idempotency-Key"]
  }

  # By depth, since a resource cannot name another of its own kind as its parent.
  api_first_parts  = var.api == null ? [] : ["prompts", "usage", "chat"]
  api_second_parts = var.api == null ? {} : { "prompts/{id}" = "prompts", "chat/completions" = "chat" }
  api_third_parts  = var.api == null ? {} : { "prompts/{id}/feedback" = "prompts/{id}" }

  api_resource_ids = merge(
    { for path, resource in aws_api_gateway_resource.first : "/${path}" => resource.id },
    { for path, resource in aws_api_gateway_resource.second : "/${path}" => resource.id },
    { for path, resource in aws_api_gateway_resource.third : "/${path}" => resource.id },
  )
}

resource "aws_api_gateway_rest_api" "this" {
  count = var.api == null ? 0 : 1

  name        = var.name
  description = "The HTTP API of ${var.name}."
  tags        = local.tags

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = local.api_environment_bytes <= 4096
      error_message = "The settings of api would exceed the 4 KB that Lambda allows its environment. Shorten api.tenants, api.keys, api.cors or `prices`; Bearer keys (auth = \"AUTHORIZER\") are in a table, where there is room for any number."
    }
  }
}

resource "aws_api_gateway_resource" "first" {
  for_each = toset(local.api_first_parts)

  rest_api_id = aws_api_gateway_rest_api.this[0].id
  parent_id   = aws_api_gateway_rest_api.this[0].root_resource_id
  path_part   = each.key
}

resource "aws_api_gateway_resource" "second" {
  for_each = local.api_second_parts

  rest_api_id = aws_api_gateway_rest_api.this[0].id
  parent_id   = aws_api_gateway_resource.first[each.value].id
  path_part   = basename(each.key)
}

resource "aws_api_gateway_resource" "third" {
  for_each = local.api_third_parts

  rest_api_id = aws_api_gateway_rest_api.this[0].id
  parent_id   = aws_api_gateway_resource.second[each.value].id
  path_part   = basename(each.key)
}

resource "aws_api_gateway_method" "this" {
  #checkov:skip=CKV2_AWS_53: the function refuses what is malformed, by field; the gateway would say one text for everything

  for_each = local.api_methods

  rest_api_id      = aws_api_gateway_rest_api.this[0].id
  resource_id      = local.api_resource_ids[split(" ", each.key)[1]]
  http_method      = split(" ", each.key)[0]
  authorization    = { IAM = "AWS_IAM", API_KEY = "NONE", COGNITO = "COGNITO_USER_POOLS", AUTHORIZER = "CUSTOM" }[local.api_auth]
  authorizer_id    = local.api_authorizer_id
  api_key_required = local.api_auth == "API_KEY"
  request_parameters = merge(
    { for name in each.value : "method.request.${name}" => false },
    strcontains(each.key, "{id}") ? { "method.request.path.id" = true } : {},
  )
}

resource "aws_api_gateway_integration" "this" {
  for_each = local.api_methods

  rest_api_id             = aws_api_gateway_rest_api.this[0].id
  resource_id             = aws_api_gateway_method.this[each.key].resource_id
  http_method             = aws_api_gateway_method.this[each.key].http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = aws_lambda_function.this["api"].invoke_arn
}
