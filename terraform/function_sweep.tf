locals {
  function_sweep = {
    description    = "Closes requests that never ended, prices rows that the stream lost."
    handler        = "router.handlers.sweep.handler"
    timeout        = 300
    key_services   = ["dynamodb", "sqs", "states"]
    failures_aside = "events"
    notifies       = true
  }

  sweep_environment = merge(
    {
      USAGE_TABLE       = local.tables.usage.name
      SPEND_TABLE       = local.tables.spend.name
      CONTROL_TABLE     = local.tables.control.name
      WORKFLOW_SECONDS  = tostring(local.workflow_seconds)
      FAILURE_TOPIC_ARN = local.topic_arn
    },
    local.pricing_environment,
  )
}

data "aws_iam_policy_document" "sweep" {
  statement {
    sid     = "FindAndCloseRows"
    actions = ["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]
    resources = [
      local.tables.usage.arn,
      "${local.tables.usage.arn}/index/by-queue",
    ]
  }

  statement {
    sid       = "AddUp"
    actions   = ["dynamodb:UpdateItem"]
    resources = [local.tables.spend.arn]
  }

  statement {
    sid       = "ChargeBudgets"
    actions   = ["dynamodb:UpdateItem"]
    resources = [local.tables.control.arn]
    condition {
      test     = "ForAllValues:StringLike"
      variable = "dynamodb:LeadingKeys"
      values   = ["budget#*"]
    }
  }

  statement {
    sid       = "ReadTheExecution"
    actions   = ["states:DescribeExecution", "states:GetExecutionHistory"]
    resources = concat([local.execution_arns], values(local.workflow_machines)[*].execution_arns)
  }
}

resource "aws_iam_role_policy" "sweep" {
  name   = "sweep"
  role   = aws_iam_role.function["sweep"].id
  policy = data.aws_iam_policy_document.sweep.json
}

resource "aws_cloudwatch_event_rule" "sweep" {
  name                = "${var.name}-sweep"
  description         = "Starts the sweep of ${var.name}."
  schedule_expression = var.sweep.schedule
  tags                = local.tags
}

resource "aws_cloudwatch_event_target" "sweep" {
  rule = aws_cloudwatch_event_rule.sweep.name
  arn  = aws_lambda_function.this["sweep"].arn

  depends_on = [aws_lambda_permission.sweep]
}

resource "aws_lambda_permission" "sweep" {
  statement_id  = "schedule"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this["sweep"].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.sweep.arn
}
