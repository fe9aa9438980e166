locals {
  function_run_chunk = {
    description  = "Runs the prompts of one chunk of a batch and writes their results."
    handler      = "router.handlers.run_chunk.handler"
    timeout      = 900
    key_services = ["dynamodb", "s3", "states"]
    called_by    = "batch"
  }

  run_chunk_environment = var.batch == null ? null : {
    ANSWERS_BUCKET    = aws_s3_bucket.answers.id
    STATE_MACHINE_ARN = local.state_machine_arn
    USAGE_TABLE       = local.tables.usage.name
    WORKFLOW_TYPE     = var.workflow.type
  }
}

data "aws_iam_policy_document" "run_chunk" {
  count = var.batch == null ? 0 : 1

  statement {
    sid       = "ReadTheChunk"
    actions   = ["s3:GetObject"]
    resources = [for part in ["chunks", "summaries"] : "${local.answers_bucket_arn}/batches/*/${part}/*"]
  }

  statement {
    sid       = "WriteResults"
    actions   = ["s3:PutObject"]
    resources = [for part in ["results", "summaries"] : "${local.answers_bucket_arn}/batches/*/${part}/*"]
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

  statement {
    sid       = "StartExecutions"
    actions   = ["states:StartExecution"]
    resources = [local.state_machine_arn]
  }

  statement {
    sid       = "LookAtRuns"
    actions   = ["states:DescribeExecution"]
    resources = [local.execution_arns]
  }

  statement {
    sid       = "ReadOutcomes"
    actions   = ["dynamodb:BatchGetItem", "dynamodb:Query"]
    resources = [local.tables.usage.arn]
  }
}

resource "aws_iam_role_policy" "run_chunk" {
  count = var.batch == null ? 0 : 1

  name   = "run-chunk"
  role   = aws_iam_role.function["run_chunk"].id
  policy = data.aws_iam_policy_document.run_chunk[0].json
}
