locals {
  function_await_review = {
    description  = "Puts a draft on the reviewers' list, with the token that wakes its run."
    handler      = "router.handlers.await_review.handler"
    timeout      = 25
    key_services = ["dynamodb"]
    called_by    = "workflow"
  }

  await_review_environment = var.review == null ? null : {
    USAGE_TABLE = local.tables.usage.name
  }
}

data "aws_iam_policy_document" "await_review" {
  count = var.review == null ? 0 : 1

  statement {
    sid       = "ListTheDraft"
    actions   = ["dynamodb:PutItem", "dynamodb:UpdateItem"]
    resources = [local.tables.usage.arn]
  }
}

resource "aws_iam_role_policy" "await_review" {
  count = var.review == null ? 0 : 1

  name   = "await-review"
  role   = aws_iam_role.function["await_review"].id
  policy = data.aws_iam_policy_document.await_review[0].json
}
