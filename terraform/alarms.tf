# Conditions that need attention. Each alarm watches one series; docs/metrics.md lists which function emits it, and docs/runbook.md
# what to do, under the alarm's name.

locals {
  # The module's own topic receives alarms as well as notices of failed requests.
  alarm_topic_arns = coalesce(var.alarms.topic_arns, [local.topic_arn])

  workflow_dimensions = { StateMachineArn = local.state_machine_arn }

  # Tenants with a budget have series of their own, so that an alarm can watch them; tenants that share the rules of `"*"` do not.
  budget_owners = distinct(concat(
    var.budgets.day_usd == null && var.budgets.month_usd == null ? [] : ["*"],
    [for tenant, rules in var.tenants : tenant if tenant != "*" && rules.budget != null],
    try(var.tenants["*"].budget, null) == null ? [] : ["default", "other"],
  ))
  metric_tenants = distinct(concat(
    var.observability.metric_tenants, [for owner in local.budget_owners : owner if !contains(["*", "default", "other"], owner)],
  ))

  budget_alarms = merge([
    for owner in local.budget_owners : {
      for percent in var.alarms.thresholds.budget_percent : "budget-${percent}${owner == "*" ? "" : "-${owner}"}" => {
        text       = "${owner == "*" ? "All tenants together have" : "Tenant ${owner} has"} used ${percent} % of a budget.", runbook = "budget"
        namespace  = "Faregate", metric = "budget_used_percent", above = percent, operator = "GreaterThanOrEqualToThreshold"
        dimensions = { tenant = owner }, statistic = "Maximum"
      }
    }
  ]...)

  breaker_alarms = var.breaker == null ? {} : {
    breaker-open = {
      text      = "A model fails: its circuit breaker has opened, and the next model is asked."
      namespace = "Faregate", metric = "breaker_open", above = 0
    }
  }

  # `above` is the threshold; `statistic` and `period` make one figure of a series.
  alarms = merge(
    {
      unpriced = {
        text      = "Attempts have no price: they are in no sum of money."
        namespace = "Faregate", metric = "unpriced", above = var.alarms.thresholds.unpriced
      }
      config-errors = {
        text      = "Models refuse the key or do not exist (401, 403, 404): it stays so until the configuration is fixed."
        namespace = "Faregate", metric = "config_errors", above = var.alarms.thresholds.config_errors
      }
      quota-exhausted = {
        text      = "A quota of an account is used up: no retry helps before it is renewed, paid for or raised."
        namespace = "Faregate", metric = "quota_exhausted", above = var.alarms.thresholds.quota_exhausted
      }
      throttles = {
        text      = "Calls failed because the provider had no capacity."
        namespace = "Faregate", metric = "throttles", above = var.alarms.thresholds.throttles
      }
      pending-age = {
        text      = "Rows wait for their price: neither the stream nor the sweep reaches them."
        namespace = "Faregate", metric = "pending_age_seconds", above = var.alarms.thresholds.pending_age_seconds
        statistic = "Maximum"
      }
      spend-slope = {
        text      = "The models cost more in an hour than the threshold."
        namespace = "Faregate", metric = "cost_usd", above = var.alarms.thresholds.spend_usd_per_hour
        period    = 3600
      }
      failures-queue = {
        text       = "An event or a stream record could not be handled."
        namespace  = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", above = var.alarms.thresholds.failures_queue
        dimensions = { QueueName = local.failures_queue_name }, statistic = "Maximum"
      }
      failed-executions = {
        text       = "Executions fail; requests that were refused are among them."
        namespace  = "AWS/States", metric = "ExecutionsFailed", above = var.alarms.thresholds.failed_executions
        dimensions = local.workflow_dimensions
      }
      timed-out-executions = {
        text       = "Executions run over their time limit.", runbook = "failed-executions"
        namespace  = "AWS/States", metric = "ExecutionsTimedOut", above = var.alarms.thresholds.failed_executions
        dimensions = local.workflow_dimensions
      }
    },
    local.breaker_alarms,
    local.budget_alarms,
    var.api == null ? {} : {
      api-errors = {
        text       = "The HTTP API answers with 502, 503 or 504."
        namespace  = "AWS/ApiGateway", metric = "5XXError", above = var.alarms.thresholds.api_errors
        dimensions = { ApiName = var.name, Stage = local.api_stage }
      }
    },
    local.websocket_alarms,
    local.queue_alarms,
    local.batch_alarms,
    local.workflow_alarms,
  )

  alarm_names = [for name in sort(keys(local.alarms)) : "${var.name}-${name}" if var.alarms.enabled]
  # The longest name has 32 characters of the deployment, 64 of a tenant and some 30 between: 75 of them stay below 10,240.
  alarms_a_part = 75
  alarm_parts = length(local.alarm_names) <= local.alarms_a_part ? {} : {
    for place, names in chunklist(local.alarm_names, local.alarms_a_part) : "${var.name}-any-${place + 1}" => names
  }
  alarm_children = length(local.alarm_parts) == 0 ? local.alarm_names : keys(local.alarm_parts)
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = { for name, alarm in local.alarms : name => alarm if var.alarms.enabled }

  alarm_name        = "${var.name}-${each.key}"
  alarm_description = "${each.value.text} What to do: docs/runbook.md#alarm-${lookup(each.value, "runbook", each.key)}"

  namespace   = each.value.namespace
  metric_name = each.value.metric
  dimensions  = lookup(each.value, "dimensions", {})
  statistic   = lookup(each.value, "statistic", "Sum")
  period      = lookup(each.value, "period", 300)

  comparison_operator = lookup(each.value, "operator", "GreaterThanThreshold")
  threshold           = each.value.above
  evaluation_periods  = 1
  # No requests, no data.
  treat_missing_data = "notBreaching"

  alarm_actions = local.alarm_topic_arns
  ok_actions    = local.alarm_topic_arns
  tags          = local.tags

  lifecycle {
    # CloudWatch deletes no alarm that a composite still names: one that is gone goes after the composite has changed.
    create_before_destroy = true
  }
}

# One state for all of them. Each alarm has sent its own notification. CloudWatch takes 100 children and 10,240 characters a rule:
# more alarms are gathered in parts first.
resource "aws_cloudwatch_composite_alarm" "part" {
  for_each = local.alarm_parts

  alarm_name        = each.key
  alarm_description = "At least one of ${length(each.value)} alarms of ${var.name}."
  alarm_rule        = join(" OR ", [for name in each.value : "ALARM(\"${name}\")"])
  tags              = local.tags

  depends_on = [aws_cloudwatch_metric_alarm.this]

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = length(join(" OR ", [for name in each.value : "ALARM(\"${name}\")"])) <= 10240
      error_message = "The rule of ${each.key} exceeds CloudWatch's 10,240 characters. Shorten `name`, or write alarms.thresholds.budget_percent with fewer digits."
    }
  }
}

resource "aws_cloudwatch_composite_alarm" "this" {
  count = var.alarms.enabled ? 1 : 0

  alarm_name        = var.name
  alarm_description = "At least one alarm of ${var.name}."
  alarm_rule        = join(" OR ", [for name in local.alarm_children : "ALARM(\"${name}\")"])
  tags              = local.tags

  depends_on = [aws_cloudwatch_metric_alarm.this, aws_cloudwatch_composite_alarm.part]

  lifecycle {
    precondition {
      condition     = length(local.alarm_children) <= 100
      error_message = "${length(local.alarms)} alarms exceed the ${100 * local.alarms_a_part} that one composite can gather. Write alarms.thresholds.budget_percent with fewer shares, or give fewer tenants a budget of their own."
    }
  }
}
