locals {
  function_invoke_model = {
    description   = "Makes one call to one model, and records the end of the run that it answers."
    handler       = "router.handlers.invoke_model.handler"
    timeout       = 270
    key_services  = ["dynamodb", "s3", "ssm"]
    called_by     = "workflow"
    provider_sdks = true
  }

  invoke_model_environment = merge(
    {
      USAGE_TABLE           = local.tables.usage.name
      MODEL_TIMEOUT_SECONDS = tostring(local.model_timeout_seconds)
    },
    local.input_environment,
    local.provider_environment,
    local.bedrock_environment,
    var.bedrock.guardrail == null ? {} : {
      BEDROCK_GUARDRAIL_ID      = var.bedrock.guardrail.id
      BEDROCK_GUARDRAIL_VERSION = var.bedrock.guardrail.version
    },
  )
}

data "aws_iam_policy_document" "invoke_model" {
  dynamic "statement" {
    for_each = length(local.bedrock_profile_arns) > 0 ? [1] : []
    content {
      sid       = "CallThroughProfiles"
      actions   = ["bedrock:InvokeModel"]
      resources = local.bedrock_profile_arns
    }
  }

  dynamic "statement" {
    for_each = length(local.bedrock_profile_model_arns) > 0 ? [1] : []
    content {
      sid       = "BeRoutedByProfiles"
      actions   = ["bedrock:InvokeModel"]
      resources = local.bedrock_profile_model_arns
      condition {
        test     = "ArnEquals"
        variable = "bedrock:InferenceProfileArn"
        values   = local.bedrock_profile_arns
      }
    }
  }

  dynamic "statement" {
    for_each = length(local.bedrock_direct_arns) > 0 ? [1] : []
    content {
      sid       = "CallModels"
      actions   = ["bedrock:InvokeModel"]
      resources = local.bedrock_direct_arns
    }
  }

  # Converse applies it as well, with the caller's permission.
  dynamic "statement" {
    for_each = var.bedrock.guardrail[*].id
    content {
      sid       = "ApplyTheGuardrail"
      actions   = ["bedrock:ApplyGuardrail"]
      resources = [startswith(statement.value, "arn:") ? statement.value : "arn:${local.partition}:bedrock:${local.arn_suffix}:guardrail/${statement.value}"]
    }
  }

  statement {
    sid     = "ReadTheKeys"
    actions = ["ssm:GetParameter"]
    resources = [
      for name in compact(values(local.keyed_providers)[*].api_key_parameter) :
      "arn:${local.partition}:ssm:${local.arn_suffix}:parameter${name}"
    ]
  }

  statement {
    sid       = "RecordTheEnd"
    actions   = ["dynamodb:PutItem", "dynamodb:UpdateItem"]
    resources = [local.tables.usage.arn]
  }

  statement {
    sid       = "StoreLargeAnswersAndDrafts"
    actions   = ["s3:PutObject"]
    resources = ["${local.answers_bucket_arn}/answers/*", "${local.answers_bucket_arn}/drafts/*"]
  }

  statement {
    sid       = "ReadDraftsToRepairThem"
    actions   = ["s3:GetObject"]
    resources = ["${local.answers_bucket_arn}/drafts/*"]
  }

  statement {
    sid       = "ReadWhatACallSends"
    actions   = ["s3:GetObject"]
    resources = local.input_arns
  }
}

locals {
  # The same models, also as streams.
  streaming_models_policy = replace(
    data.aws_iam_policy_document.invoke_model.json, "\"bedrock:InvokeModel\"", "[\"bedrock:InvokeModel\",\"bedrock:InvokeModelWithResponseStream\"]",
  )
}

resource "aws_iam_role_policy" "invoke_model" {
  name   = "invoke-model"
  role   = aws_iam_role.function["invoke_model"].id
  policy = var.websocket == null ? data.aws_iam_policy_document.invoke_model.json : local.streaming_models_policy

  lifecycle {
    precondition {
      condition     = local.policy_characters["invoke_model"] <= local.inline_policy_characters
      error_message = "The policies of invoke_model would exceed the 10,240 characters that IAM allows a role. Name fewer or shorter models in `models`, or fewer in bedrock.foundation_models."
    }
  }
}
