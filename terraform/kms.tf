locals {
  kms_key_arn = one(concat(aws_kms_key.this[*].arn, var.kms_key[*].arn))
}

resource "aws_kms_key" "this" {
  count = var.kms_key == null ? 1 : 0

  description             = "Everything that ${var.name} stores."
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.kms_key[0].json

  # EventBridge keeps a connection's secret only under a key that carries this tag.
  tags = merge(local.tags, { EventBridgeApiDestinations = "true" })
}

resource "aws_kms_alias" "this" {
  count = var.kms_key == null ? 1 : 0

  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this[0].key_id
}

# In a key policy `*` means this key.
data "aws_iam_policy_document" "kms_key" {
  count = var.kms_key == null ? 1 : 0

  statement {
    sid       = "AccountAdministersThroughIam"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account}:root"]
    }
  }

  statement {
    sid       = "LogsEncryptTheirGroups"
    actions   = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["logs.${local.regional_suffix}"]
    }
    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values = concat([
        "arn:${local.partition}:logs:${local.arn_suffix}:log-group:/aws/lambda/${var.name}-*",
        "arn:${local.partition}:logs:${local.arn_suffix}:log-group:/aws/vendedlogs/states/${var.name}",
        "arn:${local.partition}:logs:${local.arn_suffix}:log-group:/aws/apigateway/${var.name}",
        # The gateway names this group by an id that is not known before.
        "arn:${local.partition}:logs:${local.arn_suffix}:log-group:API-Gateway-Execution-Logs_*",
        "arn:${local.partition}:logs:${local.arn_suffix}:log-group:/aws/vendedlogs/states/${local.batch_name}",
        ],
        # Of the workflows on top, whether they are on or off: a switch changes no key.
        [for name in keys(var.workflows) : "arn:${local.partition}:logs:${local.arn_suffix}:log-group:/aws/vendedlogs/states/${var.name}-${name}"],
      )
    }
  }

  statement {
    sid       = "LogDeliveryReadsTheWorkflow"
    actions   = ["kms:Decrypt*"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["delivery.logs.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:SourceArn"
      values   = ["arn:${local.partition}:logs:${local.arn_suffix}:*"]
    }
  }

  statement {
    sid       = "AlarmsAndRulesReachTopicAndQueue"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }

  # For EventBridge and an encrypted topic, KMS supports no aws:Source… keys. SNS names the topic in the encryption context; the name is
  # built, since the topic needs the key first.
  statement {
    sid       = "RulesReachTheTopic"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:aws:sns:topicArn"
      values   = ["arn:${local.partition}:sns:${local.arn_suffix}:${local.own_topic_name}"]
    }
  }
}
