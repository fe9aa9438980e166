# Batches: a file of prompts in the answers bucket, run chunk by chunk. Created if `batch` is set. What the machine may do is in
# batch_role.tf.

locals {
  batch_name           = "${var.name}-batch"
  batch_machine_arn    = "arn:${local.partition}:states:${local.arn_suffix}:stateMachine:${local.batch_name}"
  batch_execution_arns = "arn:${local.partition}:states:${local.arn_suffix}:execution:${local.batch_name}"
  # Prompts of one chunk that run at a time; `router.ingress.batch.chunk_runner.WINDOW` is the same number.
  batch_window = 10

  batch_alarms = {
    for name, metric in { batch-failed = "ExecutionsFailed", batch-timed-out = "ExecutionsTimedOut" } : name => {
      text                             = "A batch failed; started again, it does what is missing."
      runbook                          = "batch-failed"
      namespace                        = "AWS/States"
      metric                           = metric
      above                            = 0
      dimensions                       = { StateMachineArn = local.batch_machine_arn }
    } if var.batch != null
  }

  batch_definition = var.batch == null ? null : jsondecode(templatefile("${path.module}/../asl/batch.asl.json", {
    partition        = local.partition
    split_batch_arn  = aws_lambda_function.this["split_batch"].arn
    run_chunk_arn    = aws_lambda_function.this["run_chunk"].arn
    finish_batch_arn = aws_lambda_function.this["finish_batch"].arn
  }))
}

resource "aws_sfn_state_machine" "batch" {
  #checkov:skip=CKV_AWS_285: execution data is prompts and answers, which are not logged unless workflow.include_execution_data is set
  count = var.batch == null ? 0 : 1

  name     = local.batch_name
  type     = "STANDARD"
  role_arn = aws_iam_role.state_machine["batch"].arn

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
    log_destination        = "${local.log_groups["batch"].arn}:*"
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
