locals {
  function_price_rows = {
    description    = "Prices rows and adds them to the sums, in one transaction."
    handler        = "cost_calculator.handlers.price_rows.handler"
    timeout        = 60
    key_services   = ["dynamodb", "sqs"]
    failures_aside = "stream"
  }

  price_rows_environment = merge(
    {
      USAGE_TABLE   = local.tables.usage.name
      SPEND_TABLE   = local.tables.spend.name
      CONTROL_TABLE = local.tables.control.name
    },
    local.pricing_environment,
  )
}

data "aws_iam_policy_document" "price_rows" {
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
    sid       = "PriceAndAddUp"
    actions   = ["dynamodb:UpdateItem"]
    resources = [local.tables.usage.arn, local.tables.spend.arn]
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
}

resource "aws_iam_role_policy" "price_rows" {
  name   = "price-rows"
  role   = aws_iam_role.function["price_rows"].id
  policy = data.aws_iam_policy_document.price_rows.json
}

resource "aws_lambda_event_source_mapping" "usage" {
  event_source_arn  = local.tables.usage.stream_arn
  function_name     = aws_lambda_function.this["price_rows"].arn
  starting_position = "TRIM_HORIZON"

  batch_size                         = var.stream.batch_size
  maximum_batching_window_in_seconds = var.stream.window_seconds
  parallelization_factor             = var.stream.parallelization

  # A bad row must neither block its shard nor fail good rows.
  function_response_types        = ["ReportBatchItemFailures"]
  bisect_batch_on_function_error = true
  maximum_retry_attempts         = var.stream.max_retries
  maximum_record_age_in_seconds  = var.stream.max_age_seconds

  # Also keeps the function's own writes from invoking it.
  filter_criteria {
    filter {
      pattern = jsonencode({ dynamodb = { NewImage = { cost_status = { S = ["PENDING"] } } } })
    }
  }

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.failures.arn
    }
  }

  tags = local.tags

  depends_on = [aws_iam_role_policy.price_rows, aws_iam_role_policy.function_runtime]
}
