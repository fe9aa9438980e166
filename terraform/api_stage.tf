# The stage of the HTTP API: what is deployed, its limits and its web ACL. What it logs is in api_logs.tf.

locals {
  # The stage is the first part of every path, so that the paths are those that OpenAI's clients know.
  api_stage = "v1"
}

resource "aws_api_gateway_deployment" "document" {
  count = var.api == null ? 0 : 1

  rest_api_id = aws_api_gateway_rest_api.this[0].id

  # A stage serves what was deployed to it, not what the document says now.
  triggers = {
    document = sha256(local.api_document)
  }

  # A function goes once no deployment names it any more.
  depends_on = [aws_lambda_function.this]

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "this" {
  #checkov:skip=CKV_AWS_120: an answer is one tenant's own, and a cache costs money while there are no calls
  #checkov:skip=CKV2_AWS_29: which web ACL is the account's choice: api.web_acl_arn
  #checkov:skip=CKV2_AWS_51: callers authenticate by api.auth; a client certificate proves the gateway to a backend, which here is a function

  count = var.api == null ? 0 : 1

  rest_api_id          = aws_api_gateway_rest_api.this[0].id
  deployment_id        = aws_api_gateway_deployment.document[0].id
  stage_name           = local.api_stage
  xray_tracing_enabled = var.observability.xray
  tags                 = local.tags

  # Who and what, never text: no body, no query, no path with an id in it. What is no part of `api.auth` is "-".
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
      tenant           = "$context.authorizer.tenant"
      bearer_key_id    = "$context.authorizer.key_id"
      api_key_id       = "$context.identity.apiKeyId"
      user_sub         = "$context.authorizer.claims.sub"
      user_arn         = "$context.identity.userArn"
      integration_code = "$context.integration.status"
      xray_trace_id    = "$context.xrayTraceId"
    })
  }

  depends_on = [aws_api_gateway_account.this, aws_cloudwatch_log_group.api_execution]
}

resource "aws_api_gateway_method_settings" "this" {
  #checkov:skip=CKV_AWS_225: an answer is one tenant's own, and a cache costs money while there are no calls

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

resource "aws_wafv2_web_acl_association" "api" {
  count = try(var.api.web_acl_arn, null) == null ? 0 : 1

  resource_arn = aws_api_gateway_stage.this[0].arn
  web_acl_arn  = var.api.web_acl_arn
}
