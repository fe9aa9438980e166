# The HTTP door: its two functions and what they may do. The gateway stands in api_paths.tf, api_errors.tf and api_stage.tf, who may call it in api_auth.tf.

locals {
  api_auth       = try(var.api.auth, "")
  api_authorizes = local.api_auth == "AUTHORIZER"

  api_functions = merge(
    var.api == null ? {} : {
      api = {
        description = "Answers the HTTP door: starts executions, waits for them, finds them again."
        handler     = "router.handlers.api.handler"
        # The gateway gives an answer 29 s; the function waits 25 s for a model.
        timeout = 29
        memory  = 256
        environment = merge({
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
    },
    !local.api_authorizes ? {} : {
      authorize = {
        description = "Finds the tenant of a Bearer key."
        handler     = "router.handlers.authorize.handler"
        timeout     = 10
        memory      = 256
        environment = { CONTROL_TABLE = local.tables.control.name }
      }
    },
  )

  # What proves an identity, and its tenant.
  api_callers = var.api == null ? null : {
    auth           = var.api.auth
    tenants        = merge(var.api.tenants, { for name, key in aws_api_gateway_api_key.caller : key.id => var.api.keys[name].tenant })
    default_tenant = var.api.default_tenant
    claim          = var.api.tenant_claim
  }
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

data "aws_iam_policy_document" "authorize" {
  count = local.api_authorizes ? 1 : 0

  statement {
    sid       = "FindKeys"
    actions   = ["dynamodb:GetItem"]
    resources = [local.tables.control.arn]
    # Budgets and breakers stand in the same table.
    condition {
      test     = "ForAllValues:StringLike"
      variable = "dynamodb:LeadingKeys"
      values   = ["apikey#*"]
    }
  }
}

resource "aws_iam_role_policy" "authorize" {
  count = local.api_authorizes ? 1 : 0

  name   = "authorize"
  role   = aws_iam_role.function["authorize"].id
  policy = data.aws_iam_policy_document.authorize[0].json
}

resource "aws_lambda_permission" "api" {
  for_each = local.api_functions

  statement_id  = "TheGatewayAlone"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this[each.key].function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.this[0].execution_arn}/${each.key == "api" ? "*/*" : "authorizers/*"}"
}
