data "aws_iam_policy_document" "analyze" {
  statement {
    sid       = "AcceptOnce"
    actions   = ["dynamodb:PutItem", "dynamodb:Query"]
    resources = [aws_dynamodb_table.usage.arn]
  }
}

resource "aws_iam_role_policy" "analyze" {
  name   = "analyze"
  role   = aws_iam_role.function["analyze"].id
  policy = data.aws_iam_policy_document.analyze.json
}
