# Events and stream records that no function could handle. Nothing is lost with them: the rows they speak of are still
# ACCEPTED or PENDING in the usage table, where the sweep finds them. A message here says that somebody should look.

resource "aws_sqs_queue" "failures" {
  name                      = "${var.name}-failures"
  kms_master_key_id         = local.kms_key_arn
  message_retention_seconds = 14 * 24 * 60 * 60
  tags                      = local.tags
}

data "aws_iam_policy_document" "failures" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [aws_sqs_queue.failures.arn]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  statement {
    sid       = "RulesPutUndeliveredEventsHere"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.failures.arn]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values = concat(
        [aws_cloudwatch_event_rule.execution_ended_badly.arn],
        aws_cloudwatch_event_rule.api_key_changed[*].arn,
      )
    }
  }
}

resource "aws_sqs_queue_policy" "failures" {
  queue_url = aws_sqs_queue.failures.id
  policy    = data.aws_iam_policy_document.failures.json
}
