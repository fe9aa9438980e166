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

  # What the environment of `api` will hold at least: ids of keys, which AWS makes, have ten characters.
  api_environment_bytes = var.api == null ? 0 : 700 + sum([
    for value in [
      jsonencode(merge(var.api.tenants, { for place, name in keys(var.api.keys) : format("%010d", place) => var.api.keys[name].tenant })),
      jsonencode(var.prices), jsonencode(local.api_cors_environment),
    ] : length(base64encode(value)) * 3 / 4
  ])

  # Null if API Gateway authenticates without an authorizer: by API key or signature.
  api_authorizer_id = one(concat(aws_api_gateway_authorizer.bearer[*].id, aws_api_gateway_authorizer.user_pool[*].id))
}

# Each kind has a name and an address of its own: another `api.auth` creates another authorizer instead of changing one in place. The
# old one is destroyed after the methods have changed, since the deployment that references it is created first: AWS keeps an
# authorizer that a method still references, and Terraform would lose it.
resource "aws_api_gateway_authorizer" "bearer" {
  count = local.api_authorizes ? 1 : 0

  rest_api_id     = aws_api_gateway_rest_api.this[0].id
  name            = "authorizer"
  type            = "TOKEN"
  identity_source = "method.request.header.Authorization"

  authorizer_uri                   = aws_lambda_function.this["authorize"].invoke_arn
  authorizer_result_ttl_in_seconds = var.api.key_cache_seconds
  # Anything that cannot be a key does not invoke the function.
  identity_validation_expression = "[Bb]earer sk-fg-[0-9A-Za-z_-]{43}"
}

resource "aws_api_gateway_authorizer" "user_pool" {
  count = local.api_auth == "COGNITO" ? 1 : 0

  rest_api_id     = aws_api_gateway_rest_api.this[0].id
  name            = "user-pool"
  type            = "COGNITO_USER_POOLS"
  identity_source = "method.request.header.Authorization"
  provider_arns   = var.api.user_pool_arns
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
  source_arn    = "${aws_api_gateway_rest_api.this[0].execution_arn}/${each.key == "api" ? "*/*" : "authorizers/*"}"
}
