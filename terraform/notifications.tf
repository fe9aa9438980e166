# Where the workflow reports failed requests. Notices contain no text.

locals {
  own_topic_name = "${var.name}-failures"
  topic_arn      = one(concat(aws_sns_topic.failures[*].arn, var.notifications[*].topic_arn))
  # The key that publishing needs: the topic's own, if it has another one.
  topic_key_arn = var.notifications == null ? local.kms_key_arn : coalesce(var.notifications.kms_key_arn, local.kms_key_arn)
}

# Requests that the workflow could not close itself.
data "aws_iam_policy_document" "notify_of_failures" {
  statement {
    sid       = "NotifyOfFailures"
    actions   = ["sns:Publish"]
    resources = [local.topic_arn]
  }

  statement {
    sid       = "UseTheTopicsKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [local.topic_key_arn]
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["sns.${local.regional_suffix}"]
    }
  }
}

resource "aws_iam_role_policy" "notify_of_failures" {
  for_each = toset([for name, function in local.functions : name if function.notifies])

  name   = "notify-of-failures"
  role   = aws_iam_role.function[each.key].id
  policy = data.aws_iam_policy_document.notify_of_failures.json

  lifecycle {
    # Another name must not leave the function without the right for a moment.
    create_before_destroy = true
  }
}

resource "aws_sns_topic" "failures" {
  count = var.notifications == null ? 1 : 0

  name              = local.own_topic_name
  kms_master_key_id = local.kms_key_arn
  tags              = local.tags
}

data "aws_iam_policy_document" "topic" {
  count = var.notifications == null ? 1 : 0

  source_policy_documents = [data.aws_iam_policy_document.tls_only["topic"].json]

  statement {
    sid       = "AlarmsPublish"
    actions   = ["sns:Publish"]
    resources = [local.topic_arn]
    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }

  # For rules of your own. EventBridge sends SNS no condition keys: a statement with any would allow nothing.
  statement {
    sid       = "RulesPublish"
    actions   = ["sns:Publish"]
    resources = [local.topic_arn]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }
}

resource "aws_sns_topic_policy" "failures" {
  count = var.notifications == null ? 1 : 0

  arn    = aws_sns_topic.failures[0].arn
  policy = data.aws_iam_policy_document.topic[0].json
}
