# The WebSocket API: its routes, authorizer, stage, log and alarm. Off if `websocket` is null. Frames are read by the function
# `websocket`; what is pushed to a connection comes from it, from `invoke_model` and from `push_outcome`.

locals {
  websocket_stage  = "v1"
  websocket_routes = toset(var.websocket == null ? [] : ["$connect", "$disconnect", "$default", "ask", "cancel"])

  # Through a local: see main.tf.
  websocket_api_id = one(aws_apigatewayv2_api.websocket[*].id)

  # For functions that push: the SDK's own variable for the address of this API's connections.
  websocket_push_environment = var.websocket == null ? {} : {
    CONTROL_TABLE                            = local.tables.control.name
    AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI = "https://${local.websocket_api_id}.execute-api.${local.regional_suffix}/${local.websocket_stage}"
  }

  websocket_connections_arn = var.websocket == null ? "" : (
    "arn:${local.partition}:execute-api:${local.arn_suffix}:${local.websocket_api_id}/${local.websocket_stage}/POST/@connections/*"
  )

  websocket_alarms = { for name, alarm in {
    websocket-errors = {
      text       = "The WebSocket API's function fails: frames get no answer."
      namespace  = "AWS/ApiGateway", metric = "IntegrationError", above = var.alarms.thresholds.api_errors
      dimensions = { ApiId = local.websocket_api_id, Stage = local.websocket_stage }
    }
  } : name => alarm if var.websocket != null }
}

resource "aws_apigatewayv2_api" "websocket" {
  count = var.websocket == null ? 0 : 1

  name                       = "${var.name}-websocket"
  description                = "The WebSocket API of ${var.name}."
  protocol_type              = "WEBSOCKET"
  route_selection_expression = "$request.body.action"
  tags                       = local.tags
}

resource "aws_apigatewayv2_authorizer" "websocket" {
  count = var.websocket == null ? 0 : 1

  api_id          = aws_apigatewayv2_api.websocket[0].id
  name            = "keys"
  authorizer_type = "REQUEST"
  authorizer_uri  = local.api_authorize_uri
  # The key is in one of several headers, and this one is always there: the function looks for the key.
  identity_sources = ["route.request.header.Host"]
}

resource "aws_apigatewayv2_integration" "websocket" {
  count = var.websocket == null ? 0 : 1

  api_id               = aws_apigatewayv2_api.websocket[0].id
  description          = "The function that reads frames."
  integration_type     = "AWS_PROXY"
  integration_method   = "POST"
  integration_uri      = aws_lambda_function.this["websocket"].invoke_arn
  timeout_milliseconds = 29000
}

resource "aws_apigatewayv2_route" "websocket" {
  #checkov:skip=CKV_AWS_309: whoever has a connection has shown its key; a gateway takes an authorizer for $connect alone

  for_each = local.websocket_routes

  api_id             = aws_apigatewayv2_api.websocket[0].id
  route_key          = each.key
  target             = "integrations/${aws_apigatewayv2_integration.websocket[0].id}"
  authorization_type = each.key == "$connect" ? "CUSTOM" : "NONE"
  authorizer_id      = each.key == "$connect" ? aws_apigatewayv2_authorizer.websocket[0].id : null
}

resource "aws_apigatewayv2_stage" "websocket" {
  #checkov:skip=CKV2_AWS_51: an API of this kind takes no client certificate; callers show their key at $connect

  count = var.websocket == null ? 0 : 1

  api_id      = aws_apigatewayv2_api.websocket[0].id
  name        = local.websocket_stage
  auto_deploy = true
  tags        = local.tags

  default_route_settings {
    detailed_metrics_enabled = true
    logging_level            = "ERROR"
    data_trace_enabled       = false # it writes frames to the log
    throttling_rate_limit    = var.websocket.throttle.rate_limit
    throttling_burst_limit   = var.websocket.throttle.burst_limit
  }

  # Who and what, never text.
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.websocket_access[0].arn
    format = jsonencode({
      request_id       = "$context.requestId"
      time             = "$context.requestTimeEpoch"
      event            = "$context.eventType"
      route            = "$context.routeKey"
      status           = "$context.status"
      error            = "$context.error.responseType"
      connection_id    = "$context.connectionId"
      tenant           = "$context.authorizer.tenant"
      bearer_key_id    = "$context.authorizer.key_id"
      integration_code = "$context.integrationStatus"
    })
  }

  depends_on = [aws_api_gateway_account.this, aws_cloudwatch_log_group.websocket_execution]
}

resource "aws_cloudwatch_log_group" "websocket_access" {
  count = var.websocket == null ? 0 : 1

  name              = "/aws/apigateway/${var.name}-websocket"
  retention_in_days = var.logs.retention_days
  kms_key_id        = local.kms_key_arn
  tags              = local.tags
}

# Created before the stage, which would create one without key and retention.
resource "aws_cloudwatch_log_group" "websocket_execution" {
  count = var.websocket == null ? 0 : 1

  name              = "/aws/apigateway/${aws_apigatewayv2_api.websocket[0].id}/${local.websocket_stage}"
  retention_in_days = var.logs.retention_days
  kms_key_id        = local.kms_key_arn
  tags              = local.tags
}

resource "aws_lambda_permission" "websocket" {
  for_each = { for name, end in { authorize = "authorizers/*", websocket = "*/*" } : name => end if var.websocket != null }

  statement_id  = "TheWebSocketGateway"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this[each.key].function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.websocket[0].execution_arn}/${each.value}"
}

# What pushes may find its listener, and post to connections of this API alone.
data "aws_iam_policy_document" "push" {
  for_each = toset(var.websocket == null ? [] : ["invoke_model", "push_outcome"])

  statement {
    sid       = "FindTheListener"
    actions   = ["dynamodb:GetItem", each.key == "invoke_model" ? "dynamodb:UpdateItem" : "dynamodb:DeleteItem"]
    resources = [local.tables.control.arn]
    # Keys, budgets and breakers are in the same table.
    condition {
      test     = "ForAllValues:StringLike"
      variable = "dynamodb:LeadingKeys"
      values   = ["listener#*"]
    }
  }

  statement {
    sid       = "PushFrames"
    actions   = ["execute-api:ManageConnections"]
    resources = [local.websocket_connections_arn]
  }
}

resource "aws_iam_role_policy" "push" {
  for_each = data.aws_iam_policy_document.push

  name   = "push"
  role   = aws_iam_role.function[each.key].id
  policy = each.value.json
}
