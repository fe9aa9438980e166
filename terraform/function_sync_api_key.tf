# Only the module's own connection is kept in step with the parameter.

locals {
  function_sync_api_key = {
    description    = "Copies the OpenAI key from the SSM parameter to the connection."
    handler        = "router.handlers.sync_api_key.handler"
    timeout        = 30
    key_services   = ["secretsmanager", "sqs", "ssm"]
    failures_aside = "events"
  }

  sync_api_key_environment = !local.own_connection ? null : {
    OPENAI_API_KEY_PARAMETER = var.openai.api_key_parameter
    CONNECTION_NAME          = local.connection_name
    CONNECTION_KMS_KEY       = local.kms_key_arn
  }
}

data "aws_iam_policy_document" "sync_api_key" {
  count = local.own_connection ? 1 : 0

  statement {
    sid       = "ReadTheKey"
    actions   = ["ssm:GetParameter"]
    resources = ["arn:${local.partition}:ssm:${local.arn_suffix}:parameter${var.openai.api_key_parameter}"]
  }

  statement {
    sid     = "WriteTheConnection"
    actions = ["events:UpdateConnection"]
    # The call is authorized by name; the connection's ARN ends in an id that AWS appends.
    resources = [
      "arn:${local.partition}:events:${local.arn_suffix}:connection/${local.connection_name}",
      "arn:${local.partition}:events:${local.arn_suffix}:connection/${local.connection_name}/*",
    ]
  }

  # UpdateConnection writes the connection's secret with the caller's permission.
  statement {
    sid = "WriteItsSecret"
    actions = [
      "secretsmanager:DescribeSecret",
      "secretsmanager:GetSecretValue",
      "secretsmanager:PutSecretValue",
      "secretsmanager:UpdateSecret",
    ]
    resources = [local.connection_secret_arn]
  }

  # EventBridge checks the connection's key before it uses it.
  statement {
    sid       = "NameTheConnectionsKey"
    actions   = ["kms:DescribeKey"]
    resources = [local.kms_key_arn]
  }
}

resource "aws_iam_role_policy" "sync_api_key" {
  count = local.own_connection ? 1 : 0

  name   = "sync-api-key"
  role   = aws_iam_role.function["sync_api_key"].id
  policy = data.aws_iam_policy_document.sync_api_key[0].json
}

resource "aws_cloudwatch_event_rule" "api_key_changed" {
  count = local.own_connection ? 1 : 0

  name        = "${var.name}-api-key-changed"
  description = "The SSM parameter of the OpenAI key was written."

  event_pattern = jsonencode({
    source      = ["aws.ssm"]
    detail-type = ["Parameter Store Change"]
    detail = {
      name      = [var.openai.api_key_parameter]
      operation = ["Create", "Update"]
    }
  })

  tags = local.tags
}

resource "aws_cloudwatch_event_target" "sync_api_key" {
  count = local.own_connection ? 1 : 0

  rule = aws_cloudwatch_event_rule.api_key_changed[0].name
  arn  = aws_lambda_function.this["sync_api_key"].arn

  dead_letter_config {
    arn = aws_sqs_queue.failures.arn
  }

  depends_on = [aws_lambda_permission.sync_api_key]
}

resource "aws_lambda_permission" "sync_api_key" {
  count = local.own_connection ? 1 : 0

  statement_id  = "api-key-changed"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this["sync_api_key"].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.api_key_changed[0].arn
}

# Once after each apply that wrote the connection: the parameter may be older than the rule that watches it, and an update by
# Terraform restores the placeholder. The function returns whether there was a key, never the key itself.
resource "aws_lambda_invocation" "sync_api_key" {
  count = local.own_connection ? 1 : 0

  function_name = aws_lambda_function.this["sync_api_key"].function_name
  input         = jsonencode({})

  triggers = {
    connection  = aws_cloudwatch_event_connection.openai[0].arn
    description = aws_cloudwatch_event_connection.openai[0].description
    kms_key     = aws_cloudwatch_event_connection.openai[0].kms_key_identifier
    parameter   = var.openai.api_key_parameter
  }

  depends_on = [
    aws_cloudwatch_event_target.sync_api_key,
    aws_iam_role_policy.function_runtime,
    aws_iam_role_policy.sync_api_key,
    # Last in the apply, so that the role's new policies have propagated.
    aws_sfn_state_machine.this,
  ]
}
