# What operations look at, in CloudWatch. What was spent to the cent, and by whom, is on the page of `python -m
# cost_calculator dashboard`; docs/metrics.md lists which function emits each metric.

locals {
  # Each line of a chart: a title, and a search over series (Faregate's own) or one series of an AWS service.
  searched = {
    for line, search in {
      latency_p50 = ["model,tenant,tier", "latency", "p50"]
      latency_p95 = ["model,tenant,tier", "latency", "p95"]
      requests    = ["tenant,tier", "requests", "Sum"]
      failures    = ["tenant,tier", "failures", "Sum"]
      attempts    = ["model,tenant,tier", "attempts", "Sum"]
      retries     = ["model,tenant,tier", "retries", "Sum"]
      throttles   = ["model", "throttles", "Sum"]
      cost        = ["model,tenant,tier", "cost_usd", "Sum"]
      baseline    = ["model,tenant,tier", "baseline_usd", "Sum"]
      unpriced    = ["model,tenant,tier", "unpriced", "Sum"]
      unknown     = ["model,tenant,tier", "unknown", "Sum"]
      invalid     = ["model,tenant,tier", "invalid_usage", "Sum"]
      breakers    = ["model", "breaker_open", "Sum"]
      exceeded    = ["tenant", "budget_exceeded", "Sum"]
      limited     = ["tenant", "rate_limited", "Sum"]
      budget_used = ["tenant", "budget_used_percent", "Maximum"]
    } : line => "SEARCH('{Faregate,${search[0]}} MetricName=\"${search[1]}\"', '${search[2]}', 300)"
  }

  # Series over all are always there; those by model, tier and tenant only if they were chosen.
  detailed = var.observability.detailed_metrics

  overall = {
    latency = [
      ["Faregate", "latency", { stat = "p50", label = "p50" }],
      ["Faregate", "latency", { stat = "p95", label = "p95" }],
    ]
    calls = [
      ["Faregate", "latency", { stat = "SampleCount", label = "calls" }],
      ["Faregate", "throttles", { stat = "Sum", label = "throttled" }],
    ]
    guards = [
      ["Faregate", "breaker_open", { stat = "Sum", label = "breakers" }],
    ]
    unknown = [
      ["Faregate", "unpriced", { stat = "Sum", label = "unpriced" }],
      ["Faregate", "unknown", { stat = "Sum", label = "unknown" }],
      ["Faregate", "invalid_usage", { stat = "Sum", label = "invalid" }],
    ]
    spend = [
      ["Faregate", "cost_usd", { stat = "Sum", label = "models" }],
    ]
  }

  by_series = {
    latency = [
      [{ expression = local.searched.latency_p50, label = "p50 $${PROP('Dim.model')} $${PROP('Dim.tenant')}" }],
      [{ expression = local.searched.latency_p95, label = "p95 $${PROP('Dim.model')} $${PROP('Dim.tenant')}" }],
    ]
    calls = [
      [{ expression = "SUM(${local.searched.attempts})", label = "calls" }],
      [{ expression = "SUM(${local.searched.retries})", label = "sent again" }],
      [{ expression = local.searched.throttles, label = "throttled $${PROP('Dim.model')}" }],
    ]
    guards = [
      [{ expression = local.searched.breakers, label = "breaker $${PROP('Dim.model')}" }],
    ]
    unknown = [for line in ["unpriced", "unknown", "invalid"] : [{ expression = "SUM(${local.searched[line]})", label = line }]]
    spend = concat(
      [
        for model in local.called_models : [{
          expression = "SUM(${replace(local.searched.cost, "MetricName=", "model=\"${model}\" MetricName=")})"
          label      = model
        }]
      ],
      [[{ expression = "SUM(${local.searched.baseline})", label = "baseline" }]],
    )
  }

  # Through JSON, since the lines of the two have different types.
  lines = jsondecode(local.detailed ? jsonencode(local.by_series) : jsonencode(local.overall))

  called_models = distinct([for call in flatten(values(local.calls)) : call.model])

  charts = concat([
    {
      title = "Requests: how runs end"
      lines = [
        for metric in ["ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"] :
        ["AWS/States", metric, "StateMachineArn", local.state_machine_arn, { stat = "Sum" }]
      ]
    },
    {
      title = "A run from start to end (ms)"
      lines = [
        for stat in ["p50", "p95"] : ["AWS/States", "ExecutionTime", "StateMachineArn", local.state_machine_arn, { stat = stat, label = stat }]
      ]
    },
    {
      title = "Latency of a model's call (ms)"
      lines = local.lines.latency
    },
    {
      title = "Calls, sent again, given up"
      lines = concat(local.lines.calls, [
        ["Faregate", "config_errors", { stat = "Sum", label = "key or model refused" }],
        ["Faregate", "quota_exhausted", { stat = "Sum", label = "quota used up" }],
      ])
    },
    {
      title = "Guards: breakers that open, requests refused"
      lines = concat(local.lines.guards, [
        [{ expression = local.searched.exceeded, label = "over budget $${PROP('Dim.tenant')}" }],
        [{ expression = local.searched.limited, label = "over rate $${PROP('Dim.tenant')}" }],
      ])
    },
    {
      title = "Budgets used (percent)"
      lines = [[{ expression = local.searched.budget_used, label = "$${PROP('Dim.tenant')}" }]]
    },
    {
      title = "Errors of functions"
      lines = concat(
        [for function in aws_lambda_function.this : ["AWS/Lambda", "Errors", "FunctionName", function.function_name, { stat = "Sum" }]],
        [for function in aws_lambda_function.this : ["AWS/Lambda", "Throttles", "FunctionName", function.function_name, { stat = "Sum", label = "throttled ${function.function_name}" }]],
      )
    },
    {
      title = "What waits"
      lines = [
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", local.failures_queue_name, { stat = "Maximum", label = "messages no function could handle" }],
        ["AWS/Lambda", "IteratorAge", "FunctionName", local.function_names["price_rows"], { stat = "Maximum", label = "age of the stream (ms)" }],
        ["Faregate", "pending_age_seconds", { stat = "Maximum", label = "age of the oldest row without a price (s)" }],
      ]
    },
    {
      title = "Not known: attempts in no sum of money"
      lines = local.lines.unknown
    },
    {
      title = local.detailed ? "Spend on models, by model (US dollars), against all on the COMPLEX model" : "Spend on models (US dollars)"
      lines = local.lines.spend
    },
    ], local.detailed ? [{
      title = "Requests by tier and tenant"
      lines = [
        [{ expression = local.searched.requests, label = "requests $${PROP('Dim.tier')} $${PROP('Dim.tenant')}" }],
        [{ expression = local.searched.failures, label = "failed $${PROP('Dim.tier')} $${PROP('Dim.tenant')}" }],
      ]
  }] : [])
}

resource "aws_cloudwatch_dashboard" "this" {
  count = var.dashboard ? 1 : 0

  dashboard_name = var.name
  dashboard_body = jsonencode({
    start          = "-PT24H"
    periodOverride = "inherit"
    widgets = [
      for place, chart in local.charts : {
        type   = "metric"
        x      = place % 2 * 12
        y      = floor(place / 2) * 6
        width  = 12
        height = 6
        properties = {
          title   = chart.title
          region  = local.region
          period  = 300
          view    = "timeSeries"
          metrics = chart.lines
          yAxis   = { left = { min = 0 } }
        }
      }
    ]
  })
}
