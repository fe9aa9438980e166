# The functions of the batch, and what each may do.

locals {
  batch_functions = var.batch == null ? {} : {
    split_batch = {
      description = "Splits a batch's file into chunks."
      handler     = "router.handlers.split_batch.handler"
      timeout     = 900
      memory      = 1024
      environment = {
        ANSWERS_BUCKET    = aws_s3_bucket.answers.id
        INPUT_BYTES_LIMIT = tostring(var.limits.input_bytes)
      }
    }
    run_chunk = {
      description = "Runs the prompts of one chunk of a batch and writes their results."
      handler     = "router.handlers.run_chunk.handler"
      timeout     = 900
      memory      = 256
      environment = {
        ANSWERS_BUCKET    = aws_s3_bucket.answers.id
        STATE_MACHINE_ARN = local.state_machine_arn
        USAGE_TABLE       = local.tables.usage.name
        WORKFLOW_TYPE     = var.workflow.type
      }
    }
    finish_batch = {
      description = "Adds up what the chunks of a batch did."
      handler     = "router.handlers.finish_batch.handler"
      timeout     = 300
      memory      = 512
      environment = { ANSWERS_BUCKET = aws_s3_bucket.answers.id }
    }
  }
}

data "aws_iam_policy_document" "split_batch" {
  count = var.batch == null ? 0 : 1

  statement {
    sid       = "ReadTheFile"
    actions   = ["s3:GetObject"]
    resources = ["${local.answers_bucket_arn}/batches/*"]
  }

  statement {
    sid     = "WriteChunks"
    actions = ["s3:PutObject"]
    resources = [
      for part in ["bad-lines", "chunks", "rounds"] : "${local.answers_bucket_arn}/batches/*/${part}/*"
    ]
  }
}

resource "aws_iam_role_policy" "split_batch" {
  count = var.batch == null ? 0 : 1

  name   = "split-batch"
  role   = aws_iam_role.function["split_batch"].id
  policy = data.aws_iam_policy_document.split_batch[0].json
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

  # Without it S3 says 403 of a summary that is not there yet, and not 404.
  statement {
    sid       = "TellWhatIsMissing"
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

  # Without it S3 says 403 of a summary that is not there, and not 404.
  statement {
    sid       = "TellWhatIsMissing"
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
