locals {
  # A stream lasts as long as its function.
  function_converse = {
    description   = "Serves the protocols of the HTTP API: accepts a request, calls its model, answers, records."
    handler       = "router.handlers.converse.handler"
    timeout       = 900
    memory        = 512
    key_services  = ["dynamodb", "s3", "ssm", "sns"]
    called_by     = "gateway"
    notifies      = true
    provider_sdks = true
  }

  # A call that takes this long leaves a fallback the rest of the function's time.
  converse_model_timeout_seconds = 600

  converse_environment = var.api == null ? null : merge(
    local.analyze_environment,
    local.invoke_model_environment,
    {
      MODEL_TIMEOUT_SECONDS = tostring(local.converse_model_timeout_seconds)
      API_CALLERS           = jsonencode(local.api_callers)
      FAILURE_TOPIC_ARN     = local.topic_arn
      # Lambda's own Python runtime does not stream: our loop does.
      AWS_LAMBDA_EXEC_WRAPPER = "/var/task/router/lambda_stream/start.sh"
    },
    local.api_cors_environment,
  )
}

data "aws_iam_policy_document" "converse" {
  count = var.api == null ? 0 : 1

  # It does what the workflow's functions do, one after the other.
  source_policy_documents = [
    data.aws_iam_policy_document.accept.json,
    local.streaming_models_policy,
  ]

  # To join a run that has the same request, and to give its answer again.
  statement {
    sid       = "LookAtRequests"
    actions   = ["dynamodb:BatchGetItem", "dynamodb:GetItem"]
    resources = [local.tables.usage.arn]
  }

  statement {
    sid       = "ReadLargeAnswers"
    actions   = ["s3:GetObject"]
    resources = ["${local.answers_bucket_arn}/answers/*"]
  }

  statement {
    sid       = "KeepLargeRequests"
    actions   = ["s3:PutObject"]
    resources = ["${local.answers_bucket_arn}/requests/*"]
  }
}

resource "aws_iam_role_policy" "converse" {
  count = var.api == null ? 0 : 1

  name   = "converse"
  role   = aws_iam_role.function["converse"].id
  policy = data.aws_iam_policy_document.converse[0].json

  lifecycle {
    precondition {
      condition     = local.policy_characters["analyze"] + local.policy_characters["invoke_model"] <= local.inline_policy_characters
      error_message = "The policies of converse would exceed the 10,240 characters that IAM allows a role. Name fewer or shorter models in `models`, or fewer in bedrock.foundation_models."
    }
  }
}
