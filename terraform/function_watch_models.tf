locals {
  function_watch_models = {
    description  = "Reports the results of calls to the circuit breakers."
    handler      = "router.handlers.watch_models.handler"
    timeout      = 30
    key_services = ["dynamodb"]
  }

  watch_models_environment = var.breaker == null ? null : merge(
    {
      CONTROL_TABLE = local.tables.control.name
      BREAKER       = jsonencode(local.breaker)
    },
    local.detail_environment,
  )
}

data "aws_iam_policy_document" "watch_models" {
  count = var.breaker == null ? 0 : 1

  statement {
    sid       = "ReadTheStream"
    actions   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
    resources = [local.tables.usage.stream_arn]
  }

  statement {
    sid     = "ListStreams"
    actions = ["dynamodb:ListStreams"]
    # The event source mapping needs it, and AWS has no resource to name here.
    resources = ["*"]
  }

  statement {
    sid       = "KeepTheBreakers"
    actions   = ["dynamodb:BatchGetItem", "dynamodb:PutItem"]
    resources = [local.tables.control.arn]
    condition {
      test     = "ForAllValues:StringLike"
      variable = "dynamodb:LeadingKeys"
      values   = ["breaker#*"]
    }
  }
}

resource "aws_iam_role_policy" "watch_models" {
  count = var.breaker == null ? 0 : 1

  name   = "watch-models"
  role   = aws_iam_role.function["watch_models"].id
  policy = data.aws_iam_policy_document.watch_models[0].json
}

# A consumer of its own, so that pricing never waits for it. A stream supports two.
resource "aws_lambda_event_source_mapping" "watch_models" {
  count = var.breaker == null ? 0 : 1

  event_source_arn  = local.tables.usage.stream_arn
  function_name     = aws_lambda_function.this["watch_models"].arn
  starting_position = "LATEST"

  batch_size                         = 1000
  maximum_batching_window_in_seconds = var.breaker.batch_seconds

  # Old results are useless for a model's health: failed batches are dropped early, and nothing is lost.
  maximum_retry_attempts         = 2
  maximum_record_age_in_seconds  = 60
  bisect_batch_on_function_error = true

  # Answers, as they are written; not the classifier's calls, whose time-out is short.
  filter_criteria {
    filter {
      pattern = jsonencode({ dynamodb = { NewImage = { cost_status = { S = ["PENDING"] }, purpose = { S = ["answer"] } } } })
    }
  }

  tags = local.tags

  depends_on = [aws_iam_role_policy.watch_models, aws_iam_role_policy.function_runtime]
}
