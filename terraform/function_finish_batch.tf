locals {
  function_finish_batch = {
    description  = "Adds up the results of a batch's chunks."
    handler      = "router.handlers.finish_batch.handler"
    timeout      = 300
    memory       = 512
    key_services = ["s3"]
    called_by    = "batch"
  }

  finish_batch_environment = var.batch == null ? null : { ANSWERS_BUCKET = aws_s3_bucket.answers.id }
}

data "aws_iam_policy_document" "finish_batch" {
  count = var.batch == null ? 0 : 1

  statement {
    sid       = "ReadSummaries"
    actions   = ["s3:GetObject"]
    resources = [for part in ["bad-lines", "summaries"] : "${local.answers_bucket_arn}/batches/*/${part}/*"]
  }

  statement {
    sid       = "WriteTheSummary"
    actions   = ["s3:PutObject"]
    resources = [for file in ["manifest.json", "summary.json"] : "${local.answers_bucket_arn}/batches/*/${file}"]
  }

  # Without it S3 answers 403 for a missing summary, not 404.
  statement {
    sid       = "SeeWhatIsMissing"
    actions   = ["s3:ListBucket"]
    resources = [local.answers_bucket_arn]
    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["batches/*"]
    }
  }
}

resource "aws_iam_role_policy" "finish_batch" {
  count = var.batch == null ? 0 : 1

  name   = "finish-batch"
  role   = aws_iam_role.function["finish_batch"].id
  policy = data.aws_iam_policy_document.finish_batch[0].json
}
