# Queues, topic and bucket refuse plain HTTP from everybody.

locals {
  tls_only = merge(
    {
      failures = { actions = ["sqs:*"], resources = [local.failures_queue_arn] }
      answers  = { actions = ["s3:*"], resources = [local.answers_bucket_arn, "${local.answers_bucket_arn}/*"] }
    },
    { for arn in aws_s3_bucket.corpus[*].arn : "corpus" => { actions = ["s3:*"], resources = [arn, "${arn}/*"] } },
    var.notifications == null ? { topic = { actions = ["sns:Publish"], resources = [local.topic_arn] } } : {},
    { for name, arn in local.request_queue_arns : name => { actions = ["sqs:*"], resources = [arn] } if var.queue != null },
  )
}

data "aws_iam_policy_document" "tls_only" {
  for_each = local.tls_only

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = each.value.actions
    resources = each.value.resources
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
}
