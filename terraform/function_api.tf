locals {
  # The gateway waits 29 s for an answer; the function waits 25 s for a model.
  function_api = {
    description  = "Serves the HTTP API: starts executions, waits for them, looks them up."
    handler      = "router.handlers.api.handler"
    timeout      = 29
    key_services = ["dynamodb", "s3", "states"]
    called_by    = "gateway"
  }

  api_environment = var.api == null ? null : merge({
    USAGE_TABLE       = local.tables.usage.name
    SPEND_TABLE       = local.tables.spend.name
    CONTROL_TABLE     = local.tables.control.name
    STATE_MACHINE_ARN = local.state_machine_arn
    INPUT_BYTES_LIMIT = tostring(var.limits.input_bytes)
    STORE_TEXT        = tostring(var.privacy.store_text)
    API_CALLERS       = jsonencode(local.api_callers)
    BUDGETS = jsonencode(merge(
      { for everyone, limits in { everyone = try(local.guards.budget, null) } : everyone => limits if limits != null },
      { tenants = { for tenant, rules in local.tenants : tenant => { budget = rules.budget } if try(rules.budget, null) != null } },
    ))
  }, local.input_environment, local.api_cors_environment, local.rates_environment)
}

data "aws_iam_policy_document" "api" {
  count = var.api == null ? 0 : 1

  statement {
    sid       = "StartRequests"
    actions   = ["states:StartExecution"]
    resources = [local.state_machine_arn]
  }

  # For requests that were refused before they had a row, and for answers if no text is stored.
  statement {
    sid       = "LookAtRuns"
    actions   = ["states:DescribeExecution"]
    resources = [local.execution_arns]
  }

  statement {
    sid       = "ReadRequestsAndJudgeThem"
    actions   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"]
    resources = [local.tables.usage.arn]
  }

  statement {
    sid       = "FindStepsOfWorkflows"
    actions   = ["dynamodb:Query"]
    resources = ["${local.tables.usage.arn}/index/by-parent"]
  }

  # No run is started for a tenant that has nothing left to spend.
  statement {
    sid       = "SeeWhatIsLeft"
    actions   = ["dynamodb:BatchGetItem"]
    resources = [local.tables.control.arn]

    condition {
      test     = "ForAllValues:StringLike"
      variable = "dynamodb:LeadingKeys"
      values   = ["budget#*", "limits"]
    }
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

  statement {
    sid       = "KeepLargeRequests"
    actions   = ["s3:PutObject"]
    resources = ["${local.answers_bucket_arn}/requests/*"]
  }

  # A caller puts its file with a URL that the function signs.
  statement {
    sid       = "SignUploads"
    actions   = ["s3:PutObject"]
    resources = ["${local.answers_bucket_arn}/uploads/*"]
  }

  # Without it S3 answers 403 for an expired answer, not 404.
  statement {
    sid       = "SeeWhatIsMissing"
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
