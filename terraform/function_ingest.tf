locals {
  function_ingest = {
    description  = "Starts an execution for each message of the queue."
    handler      = "router.handlers.ingest.handler"
    timeout      = 50
    key_services = ["dynamodb", "sqs", "states"]
  }

  ingest_environment = var.queue == null ? null : {
    STATE_MACHINE_ARN     = local.state_machine_arn
    QUEUE_URL             = aws_sqs_queue.requests[0].url
    DEAD_LETTER_QUEUE_URL = aws_sqs_queue.requests_dead[0].url
    CONTROL_TABLE         = local.tables.control.name
    INPUT_BYTES_LIMIT     = tostring(local.inline_input_bytes)
    TENANT_RATES          = jsonencode({ for tenant, rules in local.tenants : tenant => { rate = rules.rate } if try(rules.rate, null) != null })
    WORKFLOW_TYPE         = var.workflow.type
  }
}

resource "aws_lambda_event_source_mapping" "requests" {
  count = var.queue == null ? 0 : 1

  event_source_arn = aws_sqs_queue.requests[0].arn
  function_name    = aws_lambda_function.this["ingest"].arn
  batch_size       = 10
  # A message that fails must not cause the others of its batch to be received again.
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = var.queue.maximum_concurrency
  }

  tags = local.tags

  depends_on = [aws_iam_role_policy.ingest, aws_iam_role_policy.function_runtime]
}

data "aws_iam_policy_document" "ingest" {
  count = var.queue == null ? 0 : 1

  statement {
    sid       = "ReceiveRequests"
    actions   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
    resources = [local.request_queue_arns[local.request_queue_name]]
  }

  statement {
    sid       = "PutBackOrAside"
    actions   = ["sqs:SendMessage"]
    resources = values(local.request_queue_arns)
  }

  statement {
    sid       = "StartExecutions"
    actions   = ["states:StartExecution"]
    resources = [local.state_machine_arn]
  }

  # Of an earlier run with the same request id: same payload? refused?
  statement {
    sid       = "CompareWithTheEarlierRun"
    actions   = ["states:DescribeExecution"]
    resources = [local.execution_arns]
  }

  statement {
    sid       = "LookAtTenantsRates"
    actions   = ["dynamodb:GetItem"]
    resources = [local.tables.control.arn]
    condition {
      test     = "ForAllValues:StringLike"
      variable = "dynamodb:LeadingKeys"
      values   = ["rate#*"]
    }
  }
}

resource "aws_iam_role_policy" "ingest" {
  count = var.queue == null ? 0 : 1

  name   = "ingest"
  role   = aws_iam_role.function["ingest"].id
  policy = data.aws_iam_policy_document.ingest[0].json
}
