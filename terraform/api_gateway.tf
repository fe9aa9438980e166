# The REST API: paths, the schemas that bodies must fit, the shape of errors, and the stage. Off where `api` is null.

locals {
  # The stage is the first part of every path, so that the paths are those that OpenAI's clients know.
  api_stage = "v1"

  # API Gateway reads JSON Schema's draft 4, of which these files use nothing that has changed since.
  api_schemas = {
    for name, file in { Prompt = "request", ChatCompletion = "api/chat", Feedback = "api/feedback" } :
    name => merge(jsondecode(file("${path.module}/../src/router/${file}.schema.json")), { "$schema" = "http://json-schema.org/draft-04/schema#" })
  }
  # A tenant follows from who calls; to run a failed request again is the operator's.
  api_prompt_schema = merge(local.api_schemas.Prompt, {
    properties = { for name, schema in local.api_schemas.Prompt.properties : name => schema if !contains(["tenant", "rerun"], name) }
    oneOf      = [{ required = ["input"] }, { required = ["messages"] }]
  })
  api_models = var.api == null ? {} : merge(
    { for name, schema in local.api_schemas : name => jsonencode(schema) },
    { Prompt = jsonencode(local.api_prompt_schema) },
  )

  api_methods = var.api == null ? {} : {
    "POST /prompts"               = { model = "Prompt", optional = ["querystring.mode"] }
    "GET /prompts/{id}"           = { model = null, optional = [] }
    "POST /prompts/{id}/feedback" = { model = "Feedback", optional = [] }
    "GET /usage"                  = { model = null, optional = ["querystring.since", "querystring.by"] }
    "POST /chat/completions"      = { model = "ChatCompletion", optional = ["header.Idempotency-Key"] }
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

  # What the gateway answers by itself, in the shape of every error. A missing signature looks like a missing path to it.
  api_errors = var.api == null ? {} : {
    DEFAULT_4XX                    = { status = null, type = "Refused", message = "The gateway refused the call." }
    DEFAULT_5XX                    = { status = null, type = "InternalError", message = "Something went wrong behind this door." }
    ACCESS_DENIED                  = { status = "403", type = "Forbidden", message = "These credentials may not call this path." }
    AUTHORIZER_CONFIGURATION_ERROR = { status = "503", type = "Busy", message = "The key could not be checked: send it again." }
    AUTHORIZER_FAILURE             = { status = "503", type = "Busy", message = "The key could not be checked: send it again." }
    BAD_REQUEST_BODY               = { status = "400", type = "InvalidRequest", message = "The body does not fit the schema of this path (docs/openapi.json). It must be JSON, and may not name a tenant: that follows from your credentials." }
    BAD_REQUEST_PARAMETERS         = { status = "400", type = "InvalidRequest", message = "A parameter of the path or query is missing." }
    EXPIRED_TOKEN                  = { status = "401", type = "Unauthorized", message = "The token has expired." }
    INTEGRATION_FAILURE            = { status = "502", type = "InternalError", message = "Something went wrong behind this door." }
    INTEGRATION_TIMEOUT            = { status = "504", type = "NotAnsweredYet", message = "No answer in 29 s. The request may go on: GET /v1/prompts/ and its id." }
    INVALID_API_KEY                = { status = "401", type = "Unauthorized", message = "Send a known key in the header x-api-key." }
    INVALID_SIGNATURE              = { status = "401", type = "Unauthorized", message = "The signature does not fit the call." }
    MISSING_AUTHENTICATION_TOKEN = (
      local.api_auth == "IAM"
      ? { status = "401", type = "Unauthorized", message = "Sign the call with AWS Signature Version 4; or there is no such path." }
      : { status = "404", type = "NotFound", message = "There is no such path: see docs/api.md." }
    )
    QUOTA_EXCEEDED         = { status = "429", type = "QuotaExceeded", message = "The quota of this key is used up." }
    REQUEST_TOO_LARGE      = { status = "413", type = "RequestTooLarge", message = "The body is larger than 10 MB." }
    RESOURCE_NOT_FOUND     = { status = "404", type = "NotFound", message = "There is no such path: see docs/api.md." }
    THROTTLED              = { status = "429", type = "RateLimited", message = "Too many calls: wait a second." }
    UNAUTHORIZED           = { status = "401", type = "Unauthorized", message = "Send a known key or token: Authorization: Bearer …" }
    UNSUPPORTED_MEDIA_TYPE = { status = "415", type = "InvalidRequest", message = "Send application/json." }
  }
  # OpenAI's client would send again by itself: where it was paid already, or cannot help, it must not.
  api_error_headers = {
    THROTTLED           = { "gatewayresponse.header.retry-after" = "'1'" }
    QUOTA_EXCEEDED      = { "gatewayresponse.header.retry-after" = "'3600'", "gatewayresponse.header.x-should-retry" = "'false'" }
    DEFAULT_5XX         = { "gatewayresponse.header.x-should-retry" = "'false'" }
    INTEGRATION_FAILURE = { "gatewayresponse.header.x-should-retry" = "'false'" }
    INTEGRATION_TIMEOUT = { "gatewayresponse.header.x-should-retry" = "'false'" }
  }
}

resource "aws_api_gateway_rest_api" "this" {
  count = var.api == null ? 0 : 1

  name        = var.name
  description = "The HTTP door of ${var.name}."
  tags        = local.tags

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  lifecycle {
    create_before_destroy = true
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

resource "aws_api_gateway_model" "this" {
  for_each = local.api_models

  rest_api_id  = aws_api_gateway_rest_api.this[0].id
  name         = each.key
  content_type = "application/json"
  schema       = each.value
}

resource "aws_api_gateway_request_validator" "this" {
  count = var.api == null ? 0 : 1

  rest_api_id                 = aws_api_gateway_rest_api.this[0].id
  name                        = "body-and-parameters"
  validate_request_body       = true
  validate_request_parameters = true
}

resource "aws_api_gateway_method" "this" {
  for_each = local.api_methods

  rest_api_id          = aws_api_gateway_rest_api.this[0].id
  resource_id          = local.api_resource_ids[split(" ", each.key)[1]]
  http_method          = split(" ", each.key)[0]
  authorization        = { IAM = "AWS_IAM", API_KEY = "NONE", COGNITO = "COGNITO_USER_POOLS", AUTHORIZER = "CUSTOM" }[local.api_auth]
  authorizer_id        = one(aws_api_gateway_authorizer.this[*].id)
  api_key_required     = local.api_auth == "API_KEY"
  request_validator_id = aws_api_gateway_request_validator.this[0].id
  request_models       = each.value.model == null ? {} : { "application/json" = aws_api_gateway_model.this[each.value.model].name }
  request_parameters = merge(
    { for name in each.value.optional : "method.request.${name}" => false },
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

resource "aws_api_gateway_gateway_response" "this" {
  for_each = local.api_errors

  rest_api_id         = aws_api_gateway_rest_api.this[0].id
  response_type       = each.key
  status_code         = each.value.status
  response_parameters = lookup(local.api_error_headers, each.key, {})
  response_templates = {
    # Not what the caller sent: the gateway's own description of an error may quote it.
    "application/json" = jsonencode({ error = { type = each.value.type, message = each.value.message, request_id = "$context.requestId" } })
  }
}

resource "aws_api_gateway_deployment" "this" {
  count = var.api == null ? 0 : 1

  rest_api_id = aws_api_gateway_rest_api.this[0].id

  # A stage serves what was deployed to it, not what stands above. Only what we say counts: what AWS adds to a resource is
  # read back later, and would be taken for a change.
  triggers = {
    content = sha256(jsonencode([
      local.api_resource_ids, local.api_models, local.api_methods, local.api_errors, local.api_error_headers,
      local.api_auth, var.api.user_pool_arns, var.api.key_cache_seconds,
      aws_api_gateway_authorizer.this[*].id, aws_lambda_function.this["api"].arn,
    ]))
  }

  depends_on = [aws_api_gateway_integration.this, aws_api_gateway_gateway_response.this]

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "this" {
  #checkov:skip=CKV_AWS_120: an answer is one tenant's own, and a cache runs while nobody asks
  #checkov:skip=CKV2_AWS_29: which web ACL is the account's choice: api.web_acl_arn
  #checkov:skip=CKV2_AWS_51: callers prove who they are by api.auth; a client certificate proves the gateway to a backend, which here is a function

  count = var.api == null ? 0 : 1

  rest_api_id          = aws_api_gateway_rest_api.this[0].id
  deployment_id        = aws_api_gateway_deployment.this[0].id
  stage_name           = local.api_stage
  xray_tracing_enabled = var.observability.xray
  tags                 = local.tags

  # Who and what, never text: no body, no query, no path with an id in it.
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.api_access[0].arn
    format = jsonencode({
      request_id       = "$context.requestId"
      time             = "$context.requestTimeEpoch"
      method           = "$context.httpMethod"
      resource         = "$context.resourcePath"
      status           = "$context.status"
      error            = "$context.error.responseType"
      latency_ms       = "$context.responseLatency"
      response_bytes   = "$context.responseLength"
      api_key_id       = "$context.identity.apiKeyId"
      tenant           = "$context.authorizer.tenant"
      user_arn         = "$context.identity.userArn"
      integration_code = "$context.integration.status"
      xray_trace_id    = "$context.xrayTraceId"
    })
  }

  depends_on = [aws_api_gateway_account.this, aws_cloudwatch_log_group.api_execution]
}

resource "aws_api_gateway_method_settings" "this" {
  #checkov:skip=CKV_AWS_225: an answer is one tenant's own, and a cache runs while nobody asks

  count = var.api == null ? 0 : 1

  rest_api_id = aws_api_gateway_rest_api.this[0].id
  stage_name  = aws_api_gateway_stage.this[0].stage_name
  method_path = "*/*"

  settings {
    metrics_enabled        = true
    logging_level          = "ERROR"
    data_trace_enabled     = false # it writes bodies to the log
    throttling_rate_limit  = var.api.throttle.rate_limit
    throttling_burst_limit = var.api.throttle.burst_limit
  }
}

# Made before the stage, which would make one without key and retention.
resource "aws_cloudwatch_log_group" "api_execution" {
  count = var.api == null ? 0 : 1

  name              = "API-Gateway-Execution-Logs_${aws_api_gateway_rest_api.this[0].id}/${local.api_stage}"
  retention_in_days = var.logs.retention_days
  kms_key_id        = local.kms_key_arn
  tags              = local.tags
}

resource "aws_cloudwatch_log_group" "api_access" {
  count = var.api == null ? 0 : 1

  name              = "/aws/apigateway/${var.name}"
  retention_in_days = var.logs.retention_days
  kms_key_id        = local.kms_key_arn
  tags              = local.tags
}

# One role for all APIs of the account in this region; without it no stage may log.
data "aws_iam_policy_document" "api_logs_trust" {
  count = try(var.api.account_logging, false) ? 1 : 0

  statement {
    sid     = "TheGatewayLogs"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["apigateway.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "api_logs" {
  count = try(var.api.account_logging, false) ? 1 : 0

  name                 = "${var.name}-api-logs"
  description          = "Lets API Gateway write to CloudWatch Logs, for every API of this account and region."
  assume_role_policy   = data.aws_iam_policy_document.api_logs_trust[0].json
  permissions_boundary = var.permissions_boundary_arn
  tags                 = local.tags
}

resource "aws_iam_role_policy_attachment" "api_logs" {
  count = try(var.api.account_logging, false) ? 1 : 0

  role       = aws_iam_role.api_logs[0].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}

resource "aws_api_gateway_account" "this" {
  count = try(var.api.account_logging, false) ? 1 : 0

  cloudwatch_role_arn = aws_iam_role.api_logs[0].arn

  depends_on = [aws_iam_role_policy_attachment.api_logs]
}

resource "aws_wafv2_web_acl_association" "api" {
  count = try(var.api.web_acl_arn, null) == null ? 0 : 1

  resource_arn = aws_api_gateway_stage.this[0].arn
  web_acl_arn  = var.api.web_acl_arn
}
