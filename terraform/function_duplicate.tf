locals {
  function_duplicate = {
    description    = "Has a share of the COMPLEX requests answered by the cheapest tier and judged."
    handler        = "router.handlers.duplicate.handler"
    timeout        = 300
    key_services   = ["dynamodb", "s3", "sqs"]
    failures_aside = "events"
  }

  duplicate_environment = var.routing.duplicate == null ? null : {
    USAGE_TABLE       = local.tables.usage.name
    ANSWERS_BUCKET    = aws_s3_bucket.answers.id
    QUEUE_URL         = one(aws_sqs_queue.requests[*].url)
    INPUT_BYTES_LIMIT = tostring(local.inline_input_bytes)
    JUDGE_TIER        = var.routing.duplicate.judge
  }
}

data "aws_iam_policy_document" "duplicate" {
  count = var.routing.duplicate == null ? 0 : 1

  statement {
    sid     = "FindAndNoteDuplicates"
    actions = ["dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:UpdateItem"]
    resources = [
      local.tables.usage.arn,
      "${local.tables.usage.arn}/index/by-queue",
    ]
  }

  statement {
    sid       = "ReadLargeAnswers"
    actions   = ["s3:GetObject"]
    resources = ["${local.answers_bucket_arn}/answers/*"]
  }

  # Without it S3 answers 403 for what is missing, not 404.
  statement {
    sid       = "SeeWhatIsMissing"
    actions   = ["s3:ListBucket"]
    resources = [local.answers_bucket_arn]
  }

  statement {
    sid       = "SendRequests"
    actions   = ["sqs:SendMessage"]
    resources = [local.request_queue_arns[local.request_queue_name]]
  }
}

resource "aws_iam_role_policy" "duplicate" {
  count = var.routing.duplicate == null ? 0 : 1

  name   = "duplicate"
  role   = aws_iam_role.function["duplicate"].id
  policy = data.aws_iam_policy_document.duplicate[0].json
}

resource "aws_cloudwatch_event_rule" "duplicate" {
  count = var.routing.duplicate == null ? 0 : 1

  name                = "${var.name}-duplicate"
  description         = "Starts the look at duplicates of ${var.name}."
  schedule_expression = "rate(5 minutes)"
  tags                = local.tags
}

resource "aws_cloudwatch_event_target" "duplicate" {
  count = var.routing.duplicate == null ? 0 : 1

  rule = aws_cloudwatch_event_rule.duplicate[0].name
  arn  = aws_lambda_function.this["duplicate"].arn

  depends_on = [aws_lambda_permission.duplicate]
}

resource "aws_lambda_permission" "duplicate" {
  count = var.routing.duplicate == null ? 0 : 1

  statement_id  = "schedule"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this["duplicate"].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.duplicate[0].arn
}
