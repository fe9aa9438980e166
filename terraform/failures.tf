# Events and stream records that no function could handle. Nothing is lost: the rows they are about are still
# ACCEPTED or PENDING in the usage table, where the sweep finds them. A message here needs a look.

locals {
  failures_queue_name = "${var.name}-failures"
  # Made from its name, so that policies need not wait for the queue.
  failures_queue_arn = "arn:${local.partition}:sqs:${local.arn_suffix}:${local.failures_queue_name}"
  # Rules whose undelivered events come here.
  rules_put_aside = concat(aws_cloudwatch_event_rule.api_key_changed[*].arn, aws_cloudwatch_event_rule.document_changed[*].arn)
}

resource "aws_sqs_queue" "failures" {
  name                      = local.failures_queue_name
  policy                    = data.aws_iam_policy_document.failures.json
  kms_master_key_id         = local.kms_key_arn
  message_retention_seconds = 14 * 24 * 60 * 60
  tags                      = local.tags
}

data "aws_iam_policy_document" "failures" {
  source_policy_documents = [data.aws_iam_policy_document.tls_only["failures"].json]

  dynamic "statement" {
    for_each = length(local.rules_put_aside) > 0 ? [1] : []
    content {
      sid       = "RulesPutUndeliveredEventsHere"
      actions   = ["sqs:SendMessage"]
      resources = [local.failures_queue_arn]
      principals {
        type        = "Service"
        identifiers = ["events.amazonaws.com"]
      }
      condition {
        test     = "ArnEquals"
        variable = "aws:SourceArn"
        values   = local.rules_put_aside
      }
    }
  }
}

# No caller waits for a function that an event started, so its failures come here.
resource "aws_lambda_function_event_invoke_config" "this" {
  for_each = toset([for name, function in local.functions : name if function.failures_aside == "events"])

  function_name                = aws_lambda_function.this[each.key].function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 6 * 60 * 60

  destination_config {
    on_failure {
      destination = aws_sqs_queue.failures.arn
    }
  }

  # Lambda checks that the role may send messages.
  depends_on = [aws_iam_role_policy.function_runtime]
}
