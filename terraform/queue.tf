# The queue of requests: `ingest` starts an execution for each message. Created if `queue` is set.

locals {
  request_queue_name = "${var.name}-requests"
  # Built from names, so that policies need not wait for the queues.
  request_queue_arns = {
    for name in [local.request_queue_name, "${local.request_queue_name}-dead"] :
    name => "arn:${local.partition}:sqs:${local.arn_suffix}:${name}"
  }

  # Receives after which SQS moves a message to the dead-letter queue; `router.ingress.queue.ingest.LAST_TRY` is the same number.
  queue_deliveries = 3

  queue_alarms = { for name, alarm in {
    queue-dead-letters = {
      text       = "The dead-letter queue has a message: no execution was started for it."
      namespace  = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", above = 0
      dimensions = { QueueName = "${local.request_queue_name}-dead" }, statistic = "Maximum"
    }
    queue-age = {
      text       = "Requests wait in the queue: they arrive faster than they are processed, or nothing processes them."
      namespace  = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", above = try(var.queue.alarm_age_seconds, 0)
      dimensions = { QueueName = local.request_queue_name }, statistic = "Maximum"
    }
    # A requeued copy is young again, so the age does not show a limit that lasts.
    queue-put-back = {
      text      = "Step Functions was too busy for hundreds of the queue's messages; they wait."
      namespace = "Faregate", metric = "put_back", above = 200, period = 900
    }
  } : name => alarm if var.queue != null }
}

resource "aws_sqs_queue" "requests" {
  count = var.queue == null ? 0 : 1

  name              = local.request_queue_name
  policy            = data.aws_iam_policy_document.tls_only[local.request_queue_name].json
  kms_master_key_id = local.kms_key_arn
  # Six times the function's time-out, as AWS recommends.
  visibility_timeout_seconds = 300
  message_retention_seconds  = 14 * 24 * 60 * 60
  receive_wait_time_seconds  = 20
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.requests_dead[0].arn
    maxReceiveCount     = local.queue_deliveries
  })
  tags = local.tags
}

resource "aws_sqs_queue" "requests_dead" {
  count = var.queue == null ? 0 : 1

  name                      = "${local.request_queue_name}-dead"
  policy                    = data.aws_iam_policy_document.tls_only["${local.request_queue_name}-dead"].json
  kms_master_key_id         = local.kms_key_arn
  message_retention_seconds = 14 * 24 * 60 * 60
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [local.request_queue_arns[local.request_queue_name]]
  })
  tags = local.tags
}
