# Warm functions: a published version behind an alias, ready by SnapStart or by provisioned concurrency.

locals {
  warm = toset(concat(keys(var.functions.provisioned_concurrency), var.functions.snap_start))

  # What the workflow calls: the alias, if there is one.
  called_arns = {
    for name, function in local.functions : name => (
      contains(local.warm, name) ? aws_lambda_alias.live[name].arn : aws_lambda_function.this[name].arn
    ) if function.called_by == "workflow"
  }

  business_hours = {
    for name, scaling in var.functions.provisioned_concurrency : name => merge(scaling.business_hours, { outside = scaling.min, max = scaling.max })
    if scaling.business_hours != null
  }

  scaled = merge(aws_appautoscaling_target.steady, aws_appautoscaling_target.by_hours)
}

resource "aws_lambda_alias" "live" {
  for_each = local.warm

  name             = "live"
  description      = "What the workflow calls."
  function_name    = aws_lambda_function.this[each.key].function_name
  function_version = aws_lambda_function.this[each.key].version

  # The settings of the version before go when nothing calls it.
  depends_on = [aws_dynamodb_table_item.settings]
}

# Auto scaling needs an initial number, and owns it from then on.
resource "aws_lambda_provisioned_concurrency_config" "this" {
  for_each = var.functions.provisioned_concurrency

  function_name                     = aws_lambda_alias.live[each.key].function_name
  qualifier                         = aws_lambda_alias.live[each.key].name
  provisioned_concurrent_executions = each.value.min

  lifecycle {
    ignore_changes = [provisioned_concurrent_executions]
  }
}

resource "aws_appautoscaling_target" "steady" {
  for_each = { for name, scaling in var.functions.provisioned_concurrency : name => scaling if scaling.business_hours == null }

  service_namespace  = "lambda"
  scalable_dimension = "lambda:function:ProvisionedConcurrency"
  resource_id        = "function:${aws_lambda_alias.live[each.key].function_name}:${aws_lambda_alias.live[each.key].name}"
  min_capacity       = each.value.min
  max_capacity       = each.value.max
  tags               = local.tags

  depends_on = [aws_lambda_provisioned_concurrency_config.this]
}

resource "aws_appautoscaling_target" "by_hours" {
  for_each = local.business_hours

  service_namespace  = "lambda"
  scalable_dimension = "lambda:function:ProvisionedConcurrency"
  resource_id        = "function:${aws_lambda_alias.live[each.key].function_name}:${aws_lambda_alias.live[each.key].name}"
  min_capacity       = each.value.outside
  max_capacity       = each.value.max
  tags               = local.tags

  depends_on = [aws_lambda_provisioned_concurrency_config.this]

  lifecycle {
    # The scheduled actions change both: their current values are not drift.
    ignore_changes = [min_capacity, max_capacity]
  }
}

resource "aws_appautoscaling_policy" "this" {
  for_each = var.functions.provisioned_concurrency

  name               = "${local.function_names[each.key]}-utilization"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = local.scaled[each.key].service_namespace
  scalable_dimension = local.scaled[each.key].scalable_dimension
  resource_id        = local.scaled[each.key].resource_id

  target_tracking_scaling_policy_configuration {
    target_value = each.value.utilization
    predefined_metric_specification {
      predefined_metric_type = "LambdaProvisionedConcurrencyUtilization"
    }
  }
}

resource "aws_appautoscaling_scheduled_action" "this" {
  for_each = merge([
    for name, hours in local.business_hours : {
      "${name}-begin" = { function = name, schedule = hours.begin, timezone = hours.timezone, min = hours.min, max = hours.max }
      "${name}-end"   = { function = name, schedule = hours.end, timezone = hours.timezone, min = hours.outside, max = hours.max }
    }
  ]...)

  name               = "${var.name}-${replace(each.key, "_", "-")}"
  service_namespace  = aws_appautoscaling_target.by_hours[each.value.function].service_namespace
  scalable_dimension = aws_appautoscaling_target.by_hours[each.value.function].scalable_dimension
  resource_id        = aws_appautoscaling_target.by_hours[each.value.function].resource_id
  schedule           = each.value.schedule
  timezone           = each.value.timezone

  scalable_target_action {
    min_capacity = each.value.min
    max_capacity = each.value.max
  }
}
