locals {
  definition_template = "${path.module}/../asl/router.asl.json"

  definition = templatefile(local.definition_template, {
    analyze_arn       = local.called_arns["analyze"]
    invoke_model_arn  = local.called_arns["invoke_model"]
    usage_table       = local.tables.usage.name
    openai_endpoint   = aws_cloudwatch_event_api_destination.openai.invocation_endpoint
    connection_arn    = local.connection_arn
    failure_topic_arn = local.topic_arn
  })

  definition_seconds = jsondecode(file(local.definition_template)).TimeoutSeconds
  workflow_seconds = coalesce(
    var.workflow.timeout_seconds,
    var.workflow.type == "EXPRESS" ? min(300, local.definition_seconds) : local.definition_seconds,
  )

  # Without `review` no state waits for a human, and EXPRESS takes none that does.
  review_states  = ["NotifyReviewers", "AwaitReview", "ReviewDecided"]
  review_seconds = var.review == null ? 0 : var.review.timeout_seconds
  states = {
    for name, state in jsondecode(local.definition).States : name => jsondecode(
      name == "AwaitReview" ? jsonencode(merge(state, { TimeoutSeconds = local.review_seconds })) :
      name == "NextFallback" && var.review == null ? jsonencode(merge(state, {
        Choices = [for choice in state.Choices : choice if !contains(local.review_states, choice.Next)]
      })) :
      jsonencode(state)
    ) if var.review != null || !contains(local.review_states, name)
  }
}

resource "aws_sfn_state_machine" "this" {
  #checkov:skip=CKV_AWS_285: execution data is prompts and answers, which stay out of logs; workflow.include_execution_data turns it on
  name     = var.name
  type     = var.workflow.type
  role_arn = aws_iam_role.workflow.arn

  definition = jsonencode(merge(jsondecode(local.definition), {
    States = local.states
    # A run may wait for a human beside its own time.
    TimeoutSeconds = local.workflow_seconds + local.review_seconds
  }))

  logging_configuration {
    level                  = var.workflow.log_level
    include_execution_data = var.workflow.include_execution_data
    log_destination        = "${local.log_groups["workflow"].arn}:*"
  }

  tracing_configuration {
    enabled = var.observability.xray
  }

  encryption_configuration {
    type                              = "CUSTOMER_MANAGED_KMS_KEY"
    kms_key_id                        = local.kms_key_arn
    kms_data_key_reuse_period_seconds = 300
  }

  tags = local.tags

  # Step Functions checks at creation that the role may log and use the key.
  depends_on = [aws_iam_role_policy.workflow]
}

data "aws_iam_policy_document" "workflow_trust" {
  statement {
    sid     = "TheMachineAloneRunsIt"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [local.state_machine_arn]
    }
  }
}

resource "aws_iam_role" "workflow" {
  name                 = "${var.name}-workflow"
  description          = "The state machine ${var.name}."
  assume_role_policy   = data.aws_iam_policy_document.workflow_trust.json
  permissions_boundary = var.permissions_boundary_arn
  tags                 = local.tags
}

data "aws_iam_policy_document" "workflow" {
  statement {
    sid       = "RunFunctions"
    actions   = ["lambda:InvokeFunction"]
    resources = values(local.called_arns)
  }

  # TransactWriteItems is allowed by the actions of its items.
  statement {
    sid       = "RecordOutcomes"
    actions   = ["dynamodb:PutItem", "dynamodb:UpdateItem"]
    resources = [local.tables.usage.arn]
  }

  statement {
    sid       = "CallOpenAI"
    actions   = ["states:InvokeHTTPEndpoint"]
    resources = [local.state_machine_arn]
    condition {
      test     = "StringEquals"
      variable = "states:HTTPMethod"
      values   = ["POST"]
    }
    condition {
      test     = "StringEquals"
      variable = "states:HTTPEndpoint"
      values   = [aws_cloudwatch_event_api_destination.openai.invocation_endpoint]
    }
  }

  statement {
    sid       = "UseTheConnection"
    actions   = ["events:RetrieveConnectionCredentials"]
    resources = [local.connection_arn]
  }

  statement {
    sid       = "ReadItsSecret"
    actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    resources = [local.connection_secret_arn]
  }

  statement {
    sid       = "TellOfFailures"
    actions   = ["sns:Publish"]
    resources = [local.topic_arn]
  }

  # Execution data is encrypted with the machine's ARN as context.
  statement {
    sid       = "EncryptExecutions"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [local.kms_key_arn]
    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:aws:states:stateMachineArn"
      values   = [local.state_machine_arn]
    }
  }

  # The log group under the same key is written in its own context.
  statement {
    sid       = "EncryptItsLog"
    actions   = ["kms:GenerateDataKey"]
    resources = [local.kms_key_arn]
    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:SourceArn"
      values   = ["arn:${local.partition}:logs:${local.arn_suffix}:*"]
    }
  }

  statement {
    sid       = "UseTheKeyThroughServices"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = distinct([local.kms_key_arn, local.topic_key_arn])
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = [for service in ["dynamodb", "secretsmanager", "sns"] : "${service}.${local.region}.amazonaws.com"]
    }
  }

  dynamic "statement" {
    for_each = var.observability.xray ? [1] : []
    content {
      sid     = "SendTraces"
      actions = ["xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets"]
      # X-Ray has no resource to name here.
      resources = ["*"]
    }
  }

  statement {
    sid = "DeliverItsLog"
    actions = [
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:DescribeLogGroups",
      "logs:DescribeResourcePolicies",
      "logs:GetLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:UpdateLogDelivery",
    ]
    # Log delivery is managed for the account: AWS documents `*` for these.
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "workflow" {
  name   = "workflow"
  role   = aws_iam_role.workflow.id
  policy = data.aws_iam_policy_document.workflow.json
}
