# The batch as a door: a file of prompts in the answers bucket, run chunk by chunk. Made where `batch` is set.

locals {
  batch_name           = "${var.name}-batch"
  batch_machine_arn    = "arn:${local.partition}:states:${local.arn_suffix}:stateMachine:${local.batch_name}"
  batch_execution_arns = "arn:${local.partition}:states:${local.arn_suffix}:execution:${local.batch_name}"
  # Prompts of one chunk that run at a time; `router.batch.running.WINDOW` is the same number.
  batch_window = 10

  batch_alarms = {
    for name, metric in { batch-failed = "ExecutionsFailed", batch-timed-out = "ExecutionsTimedOut" } : name => {
      text                             = "A batch did not end well; started again, it does what is missing."
      runbook                          = "batch-failed"
      namespace                        = "AWS/States"
      metric                           = metric
      above                            = 0
      dimensions                       = { StateMachineArn = local.batch_machine_arn }
    } if var.batch != null
  }

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

  batch_definition = var.batch == null ? null : jsondecode(templatefile("${path.module}/../asl/batch.asl.json", {
    split_batch_arn  = aws_lambda_function.this["split_batch"].arn
    run_chunk_arn    = aws_lambda_function.this["run_chunk"].arn
    finish_batch_arn = aws_lambda_function.this["finish_batch"].arn
  }))
}

resource "aws_sfn_state_machine" "batch" {
  #checkov:skip=CKV_AWS_285: execution data is prompts and answers, which stay out of logs; workflow.include_execution_data turns it on
  count = var.batch == null ? 0 : 1

  name     = local.batch_name
  type     = "STANDARD"
  role_arn = aws_iam_role.batch[0].arn

  definition = jsonencode(merge(local.batch_definition, {
    States = merge(local.batch_definition.States, {
      RunChunks = merge(local.batch_definition.States.RunChunks, {
        MaxConcurrency             = max(1, floor(var.batch.concurrency / local.batch_window))
        ToleratedFailurePercentage = var.batch.tolerated_failure_percentage
      })
    })
  }))

  logging_configuration {
    level                  = var.workflow.log_level
    include_execution_data = var.workflow.include_execution_data
    log_destination        = "${aws_cloudwatch_log_group.batch[0].arn}:*"
  }

  tracing_configuration {
    enabled = var.observability.xray
  }

  encryption_configuration {
    type                              = "CUSTOMER_MANAGED_KMS_KEY"
    kms_key_id                        = local.kms_key_arn
    kms_data_key_reuse_period_seconds = 300
  }

  tags = local.tags

  # Step Functions checks at creation that the role may log and use the key.
  depends_on = [aws_iam_role_policy.batch]

  lifecycle {
    precondition {
      condition     = var.privacy.store_text || var.workflow.type == "STANDARD"
      error_message = "A batch takes each answer from its CONTENT row, or from its run's history: set privacy.store_text = true, or workflow.type = \"STANDARD\"."
    }
  }
}

resource "aws_cloudwatch_log_group" "batch" {
  count = var.batch == null ? 0 : 1

  name              = "/aws/vendedlogs/states/${local.batch_name}"
  retention_in_days = var.logs.retention_days
  kms_key_id        = local.kms_key_arn
  tags              = local.tags
}

data "aws_iam_policy_document" "split_batch" {
  count = var.batch == null ? 0 : 1

  statement {
    sid       = "ReadTheFile"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.answers.arn}/batches/*"]
  }

  statement {
    sid     = "WriteChunks"
    actions = ["s3:PutObject"]
    resources = [
      for part in ["bad-lines", "chunks", "rounds"] : "${aws_s3_bucket.answers.arn}/batches/*/${part}/*"
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
    resources = [for part in ["chunks", "summaries"] : "${aws_s3_bucket.answers.arn}/batches/*/${part}/*"]
  }

  statement {
    sid       = "WriteResults"
    actions   = ["s3:PutObject"]
    resources = [for part in ["results", "summaries"] : "${aws_s3_bucket.answers.arn}/batches/*/${part}/*"]
  }

  # Without it S3 says 403 of a summary that is not there yet, and not 404.
  statement {
    sid       = "TellWhatIsMissing"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.answers.arn]
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
    resources = [for part in ["bad-lines", "summaries"] : "${aws_s3_bucket.answers.arn}/batches/*/${part}/*"]
  }

  statement {
    sid       = "WriteTheSummary"
    actions   = ["s3:PutObject"]
    resources = [for file in ["manifest.json", "summary.json"] : "${aws_s3_bucket.answers.arn}/batches/*/${file}"]
  }

  # Without it S3 says 403 of a summary that is not there, and not 404.
  statement {
    sid       = "TellWhatIsMissing"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.answers.arn]
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
