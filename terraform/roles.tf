# One role a function. Here is what each needs to run at all; what it may do is in its own file.

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
      # A published version can be referenced by its number.
      values = [
        for end in contains(local.warm, each.key) ? ["", ":*"] : [""] :
        "arn:${local.partition}:lambda:${local.arn_suffix}:function:${local.function_names[each.key]}${end}"
      ]
    }
  }

  # Its own settings alone: `config#` and its name.
  dynamic "statement" {
    for_each = contains(keys(local.settings), each.key) ? [1] : []
    content {
      sid       = "ReadItsSettings"
      actions   = ["dynamodb:GetItem"]
      resources = [local.tables.control.arn]
      condition {
        test     = "ForAllValues:StringLike"
        variable = "dynamodb:LeadingKeys"
        values   = ["config#${each.key}#*"]
      }
    }
  }

  # Lambda itself creates the interfaces, with the function's role; most of these actions support no resource. The code may not.
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

  # Lambda sends with the function's role: failed events, and stream records that price_rows could not handle.
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
        values   = [for service in each.value.key_services : "${service}.${local.regional_suffix}"]
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

locals {
  # IAM counts the inline policies of a role together, without white space. Those of these two grow with the inputs: their ARNs, and room
  # for everything else. It is worked out from inputs, so that a plan knows it before anything is created.
  inline_policy_characters = 10240
  policy_characters = {
    invoke_model = 2500 + (var.websocket == null ? 0 : 800) + sum(concat([0], [for id in concat(local.bedrock_ids, local.bedrock_ids) : length(id) + 85], [for arn in local.bedrock_profile_model_arns : length(arn) + 3]))
    analyze      = 3500 + 2 * (length(local.classifier_model) + 85) + sum(concat([0], [for arn in local.classifier_routed_arns : length(arn) + 3]))
  }

  vpc_actions = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
  ]
}
