locals {
  function_record_answer = {
    description  = "Records the end of a run that the HTTP Task, or a kept answer, has answered."
    handler      = "router.handlers.record_answer.handler"
    timeout      = 25
    key_services = ["dynamodb", "s3"]
    called_by    = "workflow"
  }

  record_answer_environment = {
    USAGE_TABLE    = local.tables.usage.name
    ANSWERS_BUCKET = aws_s3_bucket.answers.id
  }
}

data "aws_iam_policy_document" "record_answer" {
  statement {
    sid       = "RecordTheEnd"
    actions   = ["dynamodb:PutItem", "dynamodb:UpdateItem"]
    resources = [local.tables.usage.arn]
  }

  statement {
    sid       = "StoreLargeAnswers"
    actions   = ["s3:PutObject"]
    resources = ["${local.answers_bucket_arn}/answers/*"]
  }

  statement {
    sid       = "ReadKeptAnswers"
    actions   = ["s3:GetObject"]
    resources = ["${local.answers_bucket_arn}/answers/*", "${local.answers_bucket_arn}/drafts/*"]
  }
}

resource "aws_iam_role_policy" "record_answer" {
  name   = "record-answer"
  role   = aws_iam_role.function["record_answer"].id
  policy = data.aws_iam_policy_document.record_answer.json
}
