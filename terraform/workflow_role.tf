# What the workflow's state machine may do.

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
  source_policy_documents = [data.aws_iam_policy_document.state_machine_runtime.json]

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
      values   = [local.openai_completions_url]
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
}

resource "aws_iam_role_policy" "workflow" {
  name   = "workflow"
  role   = aws_iam_role.workflow.id
  policy = data.aws_iam_policy_document.workflow.json
}
