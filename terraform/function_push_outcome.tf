locals {
  # It waits for as long as a run may take.
  function_push_outcome = {
    description  = "Waits for the end of a request of the WebSocket API, and pushes it."
    handler      = "router.handlers.push_outcome.handler"
    timeout      = 900
    key_services = ["dynamodb", "s3", "states"]
  }

  # Made from its name: the function that starts it must name it before it exists.
  push_outcome_arn = "arn:${local.partition}:lambda:${local.arn_suffix}:function:${var.name}-push-outcome"

  push_outcome_environment = var.websocket == null ? null : merge({
    USAGE_TABLE       = local.tables.usage.name
    STATE_MACHINE_ARN = local.state_machine_arn
    ANSWERS_BUCKET    = aws_s3_bucket.answers.id
    STORE_TEXT        = tostring(var.privacy.store_text)
  }, local.websocket_push_environment, local.rates_environment)
}

# A second try, if the first one dies: the client gets its last frame all the same. Nothing is lost with it, so nothing is put aside: the
# request has its rows, and a client that asks again gets them.
resource "aws_lambda_function_event_invoke_config" "push_outcome" {
  count = var.websocket == null ? 0 : 1

  function_name                = aws_lambda_function.this["push_outcome"].function_name
  maximum_retry_attempts       = 1
  maximum_event_age_in_seconds = 300
}

data "aws_iam_policy_document" "push_outcome" {
  count = var.websocket == null ? 0 : 1

  # It notes whose caller has gone, so that a repeat gets the answer.
  statement {
    sid       = "LookAtRequests"
    actions   = ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"]
    resources = [local.tables.usage.arn]
  }

  # For requests that were refused before they had a row, and for answers if no text is stored.
  statement {
    sid       = "LookAtRuns"
    actions   = ["states:DescribeExecution"]
    resources = [local.execution_arns]
  }

  statement {
    sid       = "ReadLargeAnswers"
    actions   = ["s3:GetObject"]
    resources = ["${local.answers_bucket_arn}/answers/*"]
  }

  # Without it S3 answers 403 for an expired answer, not 404.
  statement {
    sid       = "SeeWhatIsMissing"
    actions   = ["s3:ListBucket"]
    resources = [local.answers_bucket_arn]
  }
}

resource "aws_iam_role_policy" "push_outcome" {
  count = var.websocket == null ? 0 : 1

  name   = "push-outcome"
  role   = aws_iam_role.function["push_outcome"].id
  policy = data.aws_iam_policy_document.push_outcome[0].json
}
