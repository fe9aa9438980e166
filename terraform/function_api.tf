locals {
  # The gateway gives an answer 29 s; the function waits 25 s for a model.
  function_api = {
    description  = "Answers the HTTP door: starts executions, waits for them, finds them again."
    handler      = "router.handlers.api.handler"
    timeout      = 29
    key_services = ["dynamodb", "s3", "states"]
    called_by    = "gateway"
  }

  api_environment = var.api == null ? null : merge({
    USAGE_TABLE       = local.tables.usage.name
    SPEND_TABLE       = local.tables.spend.name
    ANSWERS_BUCKET    = aws_s3_bucket.answers.id
    STATE_MACHINE_ARN = local.state_machine_arn
    INPUT_BYTES_LIMIT = tostring(var.limits.input_bytes)
    STORE_TEXT        = tostring(var.privacy.store_text)
    PRICE_OVERRIDES   = jsonencode(var.prices)
    API_CALLERS       = jsonencode(local.api_callers)
  }, local.api_cors_environment)
}

data "aws_iam_policy_document" "api" {
  count = var.api == null ? 0 : 1

  statement {
    sid       = "StartRequests"
    actions   = ["states:StartExecution"]
    resources = [local.state_machine_arn]
  }

  # Of a request that was refused before it had a row, and of an answer where no text is stored.
  statement {
    sid       = "LookAtRuns"
    actions   = ["states:DescribeExecution"]
    resources = [local.execution_arns]
  }

  statement {
    sid       = "ReadRequestsAndJudgeThem"
    actions   = ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"]
    resources = [local.tables.usage.arn]
  }

  # A verdict on an answer counts in the sums as well.
  statement {
    sid       = "ReadSumsAndCountVerdicts"
    actions   = ["dynamodb:Query", "dynamodb:UpdateItem"]
    resources = [local.tables.spend.arn]
  }

  statement {
    sid       = "ReadLargeAnswers"
    actions   = ["s3:GetObject"]
    resources = ["${local.answers_bucket_arn}/answers/*"]
  }

  # Without it S3 says 403 of an answer that has expired, as of one that it does not give.
  statement {
    sid       = "TellWhatIsMissing"
    actions   = ["s3:ListBucket"]
    resources = [local.answers_bucket_arn]
  }
}

resource "aws_iam_role_policy" "api" {
  count = var.api == null ? 0 : 1

  name   = "api"
  role   = aws_iam_role.function["api"].id
  policy = data.aws_iam_policy_document.api[0].json
}
