locals {
  function_websocket = {
    description  = "Serves the WebSocket API: connections, and the frames that they send."
    handler      = "router.handlers.websocket.handler"
    timeout      = 29
    key_services = ["dynamodb", "s3", "states"]
    called_by    = "websocket"
  }

  websocket_environment = var.websocket == null ? null : merge({
    USAGE_TABLE           = local.tables.usage.name
    STATE_MACHINE_ARN     = local.state_machine_arn
    INPUT_BYTES_LIMIT     = tostring(var.limits.input_bytes)
    STORE_TEXT            = tostring(var.privacy.store_text)
    PUSH_OUTCOME_FUNCTION = "${var.name}-push-outcome"
  }, local.input_environment, local.websocket_push_environment)
}

data "aws_iam_policy_document" "websocket" {
  count = var.websocket == null ? 0 : 1

  statement {
    sid       = "StartRequests"
    actions   = ["states:StartExecution"]
    resources = [local.state_machine_arn]
  }

  # Of an earlier run with the same request id: same payload? refused?
  statement {
    sid       = "CompareWithTheEarlierRun"
    actions   = ["states:DescribeExecution"]
    resources = [local.execution_arns]
  }

  statement {
    sid       = "LookAtRequests"
    actions   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"]
    resources = [local.tables.usage.arn]
  }

  statement {
    sid       = "KeepConnectionsAndListeners"
    actions   = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"]
    resources = [local.tables.control.arn]
    # Keys, budgets and breakers are in the same table.
    condition {
      test     = "ForAllValues:StringLike"
      variable = "dynamodb:LeadingKeys"
      values   = ["listener#*", "socket#*"]
    }
  }

  statement {
    sid       = "KeepLargeRequests"
    actions   = ["s3:PutObject"]
    resources = ["${local.answers_bucket_arn}/requests/*"]
  }

  statement {
    sid       = "HaveTheEndPushed"
    actions   = ["lambda:InvokeFunction"]
    resources = [local.push_outcome_arn]
  }

  statement {
    sid       = "PushFrames"
    actions   = ["execute-api:ManageConnections"]
    resources = [local.websocket_connections_arn]
  }
}

resource "aws_iam_role_policy" "websocket" {
  count = var.websocket == null ? 0 : 1

  name   = "websocket"
  role   = aws_iam_role.function["websocket"].id
  policy = data.aws_iam_policy_document.websocket[0].json
}
