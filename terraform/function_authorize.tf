locals {
  function_authorize = {
    description  = "Finds the tenant of a Bearer key."
    handler      = "router.handlers.authorize.handler"
    timeout      = 10
    key_services = ["dynamodb"]
    called_by    = "gateway"
  }

  authorize_environment = !local.api_authorizes ? null : { CONTROL_TABLE = local.tables.control.name }
}

data "aws_iam_policy_document" "authorize" {
  count = local.api_authorizes ? 1 : 0

  statement {
    sid       = "FindKeys"
    actions   = ["dynamodb:GetItem"]
    resources = [local.tables.control.arn]
    # Budgets and breakers are in the same table.
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
