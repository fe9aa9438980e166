# One role a function, and one a state machine. Here stands what each needs to run at all; what it may do stands in its own file.

data "aws_iam_policy_document" "function_trust" {
  statement {
    sid     = "LambdaRunsIt"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "function" {
  for_each = local.functions

  name                 = local.function_names[each.key]
  description          = each.value.description
  assume_role_policy   = data.aws_iam_policy_document.function_trust.json
  permissions_boundary = var.permissions_boundary_arn
  tags                 = local.tags
}

data "aws_iam_policy_document" "function_runtime" {
  for_each = local.functions

  statement {
    sid       = "WriteItsLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${local.log_groups[each.key].arn}:*"]
  }

  dynamic "statement" {
    for_each = var.observability.xray ? [1] : []
    content {
      sid     = "SendTraces"
      actions = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
      # X-Ray has no resource to name here.
      resources = ["*"]
    }
  }

  statement {
    sid       = "ReadItsEnvironment"
    actions   = ["kms:Decrypt"]
    resources = [local.kms_key_arn]
    condition {
      test     = "StringLike"
      variable = "kms:EncryptionContext:aws:lambda:FunctionArn"
      # A published version may be named by its number.
      values = [
        for end in contains(local.warm, each.key) ? ["", ":*"] : [""] :
        "arn:${local.partition}:lambda:${local.arn_suffix}:function:${local.function_names[each.key]}${end}"
      ]
    }
  }

  # Lambda itself makes the interfaces, with the function's role: AWS lets most of these name no resource. The code may not.
  dynamic "statement" {
    for_each = var.functions.vpc[*]
    content {
      sid       = "BeInTheVpc"
      actions   = local.vpc_actions
      resources = ["*"]
    }
  }

  dynamic "statement" {
    for_each = var.functions.vpc[*]
    content {
      sid       = "TheCodeMakesNoInterfaces"
      effect    = "Deny"
      actions   = local.vpc_actions
      resources = ["*"]
      condition {
        test     = "ArnEquals"
        variable = "lambda:SourceFunctionArn"
        values   = ["arn:${local.partition}:lambda:${local.arn_suffix}:function:${local.function_names[each.key]}"]
      }
    }
  }

  # Lambda sends with the function's role: events that failed, and stream records that price_rows gave up.
  dynamic "statement" {
    for_each = each.value.failures_aside != "" ? [1] : []
    content {
      sid       = "PutFailuresAside"
      actions   = ["sqs:SendMessage"]
      resources = [local.failures_queue_arn]
    }
  }

  # Services that decrypt with the caller's permission.
  dynamic "statement" {
    for_each = length(each.value.key_services) > 0 ? [1] : []
    content {
      sid       = "UseTheKeyThroughServices"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [local.kms_key_arn]
      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = [for service in each.value.key_services : "${service}.${local.region}.amazonaws.com"]
      }
    }
  }
}

resource "aws_iam_role_policy" "function_runtime" {
  for_each = local.functions

  name   = "runtime"
  role   = aws_iam_role.function[each.key].id
  policy = data.aws_iam_policy_document.function_runtime[each.key].json
}

# Of the workflow and of the batch.
data "aws_iam_policy_document" "state_machine_runtime" {
  # A log group under the key is written in a context of its own.
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

locals {
  vpc_actions = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
  ]
}
