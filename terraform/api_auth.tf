# Authentication of the HTTP API, by `api.auth`. IAM needs nothing here: a caller's own policy allows `execute-api:Invoke`.

locals {
  api_auth       = try(var.api.auth, "")
  api_authorizes = local.api_auth == "AUTHORIZER"

  # From a caller's identity to its tenant.
  api_callers = var.api == null ? null : {
    auth           = var.api.auth
    tenants        = merge(var.api.tenants, { for name, key in aws_api_gateway_api_key.caller : key.id => var.api.keys[name].tenant })
    default_tenant = var.api.default_tenant
    claim          = var.api.tenant_claim
  }

  # How API Gateway knows a caller, in the terms of its OpenAPI extensions. A scheme with an authorizer makes it.
  api_schemes = { for name, scheme in local.api_known_schemes : name => scheme if contains(values(local.api_scheme_of), name) }
  api_known_schemes = {
    IAM        = { type = "apiKey", name = "Authorization", in = "header", x-amazon-apigateway-authtype = "awsSigv4" }
    API_KEY    = { type = "apiKey", name = "x-api-key", in = "header" }
    COGNITO    = merge(local.api_authorizer, { x-amazon-apigateway-authtype = "cognito_user_pools", x-amazon-apigateway-authorizer = local.api_user_pool })
    AUTHORIZER = merge(local.api_authorizer, { x-amazon-apigateway-authtype = "custom", x-amazon-apigateway-authorizer = local.api_bearer })
    EITHER_KEY = merge(local.api_authorizer, { x-amazon-apigateway-authtype = "custom", x-amazon-apigateway-authorizer = local.api_either_key })
  }
  api_authorizer = { type = "apiKey", name = "Authorization", in = "header" }
  api_user_pool  = { type = "cognito_user_pools", providerARNs = try(var.api.user_pool_arns, []) }
  api_authorize_uri = join("", [
    "arn:${local.partition}:apigateway:${local.region}:lambda:path/2015-03-31/functions/",
    "arn:${local.partition}:lambda:${local.arn_suffix}:function:${local.api_function_names["authorize"]}/invocations",
  ])
  api_bearer = {
    type                         = "token"
    authorizerUri                = local.api_authorize_uri
    authorizerResultTtlInSeconds = try(var.api.key_cache_seconds, 0)
    # Anything that cannot be a key does not invoke the function.
    identityValidationExpression = "[Bb]earer sk-fg-[0-9A-Za-z_-]{43}"
  }
  # Anthropic's clients send their key in one of two headers. The gateway caches by headers that are all there, so it caches none of these.
  api_either_key = {
    type                         = "request"
    authorizerUri                = local.api_authorize_uri
    authorizerResultTtlInSeconds = 0
  }
  api_scheme_of = {
    for path in keys(local.api_source.paths) : path =>
    local.api_authorizes && can(regex("^/(messages|models)(/|$)", path)) ? "EITHER_KEY" : local.api_auth
  }
}

resource "aws_api_gateway_api_key" "caller" {
  for_each = try(var.api.keys, {})

  name        = "${var.name}-${each.key}"
  description = "Requests of the tenant ${each.value.tenant}."
  tags        = local.tags
}

# One plan per key, so that each has limits of its own.
resource "aws_api_gateway_usage_plan" "caller" {
  for_each = try(var.api.keys, {})

  name        = "${var.name}-${each.key}"
  description = "What the key ${each.key} may use."
  tags        = local.tags

  api_stages {
    api_id = aws_api_gateway_rest_api.this[0].id
    stage  = aws_api_gateway_stage.this[0].stage_name
  }

  throttle_settings {
    rate_limit  = each.value.rate_limit
    burst_limit = each.value.burst_limit
  }

  dynamic "quota_settings" {
    for_each = each.value.quota[*]
    content {
      limit  = quota_settings.value.limit
      period = quota_settings.value.period
    }
  }
}

resource "aws_api_gateway_usage_plan_key" "caller" {
  for_each = try(var.api.keys, {})

  key_id        = aws_api_gateway_api_key.caller[each.key].id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.caller[each.key].id
}

resource "aws_lambda_permission" "api" {
  for_each = { for name, function in local.functions : name => function if function.called_by == "gateway" }

  statement_id  = "TheGatewayAlone"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this[each.key].function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.this[0].execution_arn}/${each.key == "authorize" ? "authorizers/*" : "*/*"}"
}
