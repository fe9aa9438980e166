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

  batch_template = var.batch == null ? null : jsondecode(templatefile("${path.module}/../asl/batch.asl.json", {
    partition        = local.partition
    split_batch_arn  = aws_lambda_function.this["split_batch"].arn
    run_chunk_arn    = aws_lambda_function.this["run_chunk"].arn
    finish_batch_arn = aws_lambda_function.this["finish_batch"].arn
  }))

  batch_definition = var.batch == null ? null : jsonencode(merge(local.batch_template, {
    States = merge(local.batch_template.States, {
      RunChunks = merge(local.batch_template.States.RunChunks, {
        MaxConcurrency             = max(1, floor(var.batch.concurrency / local.batch_window))
        ToleratedFailurePercentage = var.batch.tolerated_failure_percentage
      })
    })
  }))
}
