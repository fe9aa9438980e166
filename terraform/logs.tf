# The log groups of functions and state machines: the module's own, or yours.

locals {
  log_groups = merge(
    { for name, group in aws_cloudwatch_log_group.function : name => { name = group.name, arn = group.arn } },
    { for name, group in aws_cloudwatch_log_group.state_machine : name => { name = group.name, arn = group.arn } },
    { for name, group in var.logs.groups : name => { name = group, arn = "arn:${local.partition}:logs:${local.arn_suffix}:log-group:${group}" } },
  )
}

# Created before the function, which would create one without key and retention.
resource "aws_cloudwatch_log_group" "function" {
  for_each = { for name, function in local.functions : name => function if !contains(keys(var.logs.groups), name) }

  name              = "/aws/lambda/${local.function_names[each.key]}"
  retention_in_days = var.logs.retention_days
  kms_key_id        = local.kms_key_arn
  tags              = local.tags
}

resource "aws_cloudwatch_log_group" "state_machine" {
  for_each = { for name, machine in local.state_machines : name => machine if !contains(keys(var.logs.groups), name) }

  name              = "/aws/vendedlogs/states/${each.value.name}"
  retention_in_days = var.logs.retention_days
  kms_key_id        = local.kms_key_arn
  tags              = local.tags
}
