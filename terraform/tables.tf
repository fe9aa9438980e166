# Keys and attributes are explained in docs/data-model.md.

locals {
  own_tables = var.tables.existing == null

  tables = {
    usage = {
      name       = one(concat(aws_dynamodb_table.usage[*].name, var.tables.existing[*].usage.name))
      arn        = one(concat(aws_dynamodb_table.usage[*].arn, var.tables.existing[*].usage.arn))
      stream_arn = one(concat(aws_dynamodb_table.usage[*].stream_arn, var.tables.existing[*].usage.stream_arn))
    }
    spend = {
      name = one(concat(aws_dynamodb_table.spend[*].name, var.tables.existing[*].spend.name))
      arn  = one(concat(aws_dynamodb_table.spend[*].arn, var.tables.existing[*].spend.arn))
    }
    control = {
      name = one(concat(aws_dynamodb_table.control[*].name, var.tables.existing[*].control.name))
      arn  = one(concat(aws_dynamodb_table.control[*].arn, var.tables.existing[*].control.arn))
    }
  }
}

resource "aws_dynamodb_table" "usage" {
  count = local.own_tables ? 1 : 0

  name                        = "${var.name}-usage"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "request_id"
  range_key                   = "item"
  stream_enabled              = true
  stream_view_type            = "NEW_IMAGE"
  deletion_protection_enabled = var.tables.deletion_protection

  dynamic "attribute" {
    for_each = toset(["request_id", "item", "day_shard", "accepted_at", "tenant", "queue", "queued_at", "parent_id"])
    content {
      name = attribute.value
      type = "S"
    }
  }

  # Keys alone: a copy in an index is paid with each write of the row. Readers fetch the rows themselves.
  global_secondary_index {
    name            = "by-day"
    hash_key        = "day_shard"
    range_key       = "accepted_at"
    projection_type = "KEYS_ONLY"
  }

  global_secondary_index {
    name            = "by-tenant"
    hash_key        = "tenant"
    range_key       = "accepted_at"
    projection_type = "KEYS_ONLY"
  }

  global_secondary_index {
    name            = "by-queue"
    hash_key        = "queue"
    range_key       = "queued_at"
    projection_type = "KEYS_ONLY"
  }

  # Steps of workflows alone have a parent: no other request pays for this index, and these pay for it once.
  global_secondary_index {
    name            = "by-parent"
    hash_key        = "parent_id"
    range_key       = "accepted_at"
    projection_type = "KEYS_ONLY"
  }

  # Only CONTENT rows, the texts, have it.
  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = var.tables.point_in_time_recovery
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = local.kms_key_arn
  }

  tags = local.tags

  # An index of a large table takes its time to be made.
  timeouts {
    update = "6h"
  }
}

resource "aws_dynamodb_table" "spend" {
  count = local.own_tables ? 1 : 0

  name                        = "${var.name}-spend"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "day"
  range_key                   = "cell"
  deletion_protection_enabled = var.tables.deletion_protection

  dynamic "attribute" {
    for_each = toset(["day", "cell"])
    content {
      name = attribute.value
      type = "S"
    }
  }

  point_in_time_recovery {
    enabled = var.tables.point_in_time_recovery
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = local.kms_key_arn
  }

  tags = local.tags
}

resource "aws_dynamodb_table" "control" {
  count = local.own_tables ? 1 : 0

  name                        = "${var.name}-control"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "key"
  deletion_protection_enabled = var.tables.deletion_protection

  attribute {
    name = "key"
    type = "S"
  }

  # What a session runs on has it, and connections of the WebSocket API with their listeners.
  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = var.tables.point_in_time_recovery
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = local.kms_key_arn
  }

  tags = local.tags
}
