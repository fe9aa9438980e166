# What somebody is told of, and by whom.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Any file will do: nothing is uploaded.
variables {
  package = { function_zip = "./versions.tf", layer_zip = "./versions.tf" }
}

run "by_default_alarms_cover_each_fault_and_little_is_traced" {
  command = plan

  # Each fault that needs a person has an alarm.
  assert {
    condition = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset([
      "breaker-open", "config-errors", "failed-executions", "failures-queue", "pending-age", "quota-exhausted", "spend-slope", "throttles", "timed-out-executions",
      "unpriced",
    ])
    error_message = "docs/metrics.md and the runbook list these."
  }

  assert {
    condition     = alltrue([for name, alarm in aws_cloudwatch_metric_alarm.this : strcontains(alarm.alarm_description, "docs/runbook.md#alarm-")])
    error_message = "Who is woken by an alarm must find what to do in it."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions == toset(["arn:aws:sns:eu-central-1:123456789012:made"])])
    error_message = "Without topics of your own the module's topic is told."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.treat_missing_data == "notBreaching"])
    error_message = "A deployment that nobody uses is no fault."
  }

  assert {
    condition = alltrue([
      for name in keys(aws_cloudwatch_metric_alarm.this) : strcontains(aws_cloudwatch_composite_alarm.this[0].alarm_rule, "ALARM(\"faregate-${name}\")")
    ])
    error_message = "The composite must be on while any alarm is."
  }

  # One request in twenty is traced and few series are printed.
  assert {
    condition = (
      aws_xray_sampling_rule.this[0].fixed_rate == 0.05 && aws_xray_sampling_rule.this[0].reservoir_size == 0
      && alltrue([for name, function in aws_lambda_function.this : (function.tracing_config[0].mode == "Active") == (local.known_functions[name].called_by != "")])
    )
    error_message = "A rule samples what the workflow calls; functions that nobody calls would take Lambda's own rate."
  }

  assert {
    condition = {
      for name, function in aws_lambda_function.this : name => function.environment[0].variables["TRACED_SHARE"]
      if contains(keys(function.environment[0].variables), "TRACED_SHARE")
    } == { analyze = "0.05", price_rows = "0.05", sweep = "0.05" }
    error_message = "Those that estimate what Faregate costs must know which share is traced."
  }

  assert {
    condition     = alltrue([for function in aws_lambda_function.this : !contains(keys(function.environment[0].variables), "DETAILED_METRICS")])
    error_message = "Series by model are a choice."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 10
    error_message = "The number of alarms is a figure of src/cost_calculator/planning/fixed_costs.py: change both."
  }

  # Few alarms need no parts.
  assert {
    condition     = length(aws_cloudwatch_composite_alarm.part) == 0
    error_message = "A composite costs five times an alarm."
  }
}

run "each_budget_is_told_of_before_it_is_used_up" {
  command = plan

  variables {
    budgets       = { month_usd = 100 }
    tenants       = { acme = { budget = { day_usd = 5 } }, free = {} }
    observability = { metric_tenants = ["beta"] }
  }

  assert {
    condition = {
      for name, alarm in aws_cloudwatch_metric_alarm.this : name => "${alarm.dimensions.tenant} ${alarm.comparison_operator} ${alarm.threshold}" if startswith(name, "budget-")
      } == {
      budget-80       = "* GreaterThanOrEqualToThreshold 80"
      budget-100      = "* GreaterThanOrEqualToThreshold 100"
      budget-80-acme  = "acme GreaterThanOrEqualToThreshold 80"
      budget-100-acme = "acme GreaterThanOrEqualToThreshold 100"
    }
    error_message = "A budget of 80 % used is news, one that is used up refuses requests."
  }

  assert {
    condition     = local.settings["analyze"].METRIC_TENANTS == "beta,acme"
    error_message = "A tenant with a budget needs a series of its own, or nothing could watch it."
  }
}

run "without_a_breaker_there_is_no_alarm_of_it" {
  command = plan

  variables {
    breaker = null
  }

  assert {
    condition     = !contains(keys(aws_cloudwatch_metric_alarm.this), "breaker-open")
    error_message = "An alarm that can never start is paid for all the same."
  }
}

run "topics_and_thresholds_are_yours" {
  command = plan

  variables {
    alarms = {
      topic_arns = ["arn:aws:sns:eu-central-1:123456789012:pager"]
      thresholds = { spend_usd_per_hour = 3 }
    }
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.this :
      alarm.alarm_actions == toset(["arn:aws:sns:eu-central-1:123456789012:pager"]) && alarm.ok_actions == alarm.alarm_actions
    ])
    error_message = "The topic given is the topic told, when an alarm starts and when it ends."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["spend-slope"].threshold == 3 && aws_cloudwatch_metric_alarm.this["spend-slope"].period == 3600
    error_message = "The threshold is in dollars an hour."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["unpriced"].threshold == 0
    error_message = "A threshold that is left out keeps its default."
  }
}

run "alarms_can_be_left_out" {
  command = plan

  variables {
    alarms = { enabled = false }
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 0 && length(aws_cloudwatch_composite_alarm.this) == 0
    error_message = "What is switched off must not be paid for."
  }
}

run "tracing_can_be_left_out_with_the_right_to_trace" {
  command = plan

  variables {
    observability = { xray = false }
  }

  assert {
    condition = (
      !aws_sfn_state_machine.this["workflow"].tracing_configuration[0].enabled
      && alltrue([for function in aws_lambda_function.this : function.tracing_config[0].mode == "PassThrough"])
    )
    error_message = "Neither workflow nor functions start a trace."
  }

  assert {
    condition = alltrue([
      for statement in concat(flatten([for document in values(data.aws_iam_policy_document.function_runtime) : document.statement]), data.aws_iam_policy_document.state_machine_runtime.statement) :
      statement.sid != "SendTraces"
    ])
    error_message = "Who does not trace needs no right to."
  }
}

run "series_by_model_are_a_choice_and_every_trace_too" {
  command = plan

  variables {
    observability = { detailed_metrics = true, xray_share = 1 }
  }

  assert {
    condition = toset([
      for name, function in aws_lambda_function.this : name if contains(keys(function.environment[0].variables), "DETAILED_METRICS")
    ]) == toset(["price_rows", "sweep", "watch_models"])
    error_message = "Those that print metrics must be told, and no others."
  }

  assert {
    condition     = length(aws_xray_sampling_rule.this) == 0 && alltrue([for function in aws_lambda_function.this : function.tracing_config[0].mode == "Active"])
    error_message = "A share of 1 leaves the account's own rules alone."
  }
}

run "named_tenants_have_metrics_of_their_own" {
  command = plan

  variables {
    observability = { metric_tenants = ["acme", "beta"] }
  }

  assert {
    condition = {
      for name, values in local.settings : name => values.METRIC_TENANTS if contains(keys(values), "METRIC_TENANTS")
    } == { analyze = "acme,beta", price_rows = "acme,beta", sweep = "acme,beta" }
    error_message = "Those that print metrics by tenant must be told whose series to print, and no other changes with it."
  }
}

run "thresholds_and_topics_that_cannot_be_are_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    alarms        = { topic_arns = ["pager"], thresholds = { throttles = -1 } }
    observability = { metric_tenants = ["no such name, with spaces"] }
  }

  expect_failures = [var.alarms, var.observability]
}

run "any_number_of_budgets_fits_the_composite" {
  command = plan

  variables {
    name = "a-name-of-thirty-two-characters1"
    # Names as long as they can be.
    tenants = { for number in range(12) : format("%064d", number) => { budget = { day_usd = 1 } } }
    alarms  = { thresholds = { budget_percent = [for tenth in range(10) : 90.1 + tenth] } }
    queue   = {}
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 13 + 12 * 10
    error_message = "This is about more alarms than one composite may have."
  }

  assert {
    condition = toset(flatten([
      for part in aws_cloudwatch_composite_alarm.part : regexall("[(]\"([^\"]+)\"[)]", part.alarm_rule)
    ])) == toset([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name])
    error_message = "Each alarm must be in a part."
  }

  assert {
    condition = (
      toset(flatten(regexall("[(]\"([^\"]+)\"[)]", aws_cloudwatch_composite_alarm.this[0].alarm_rule)))
      == toset([for part in aws_cloudwatch_composite_alarm.part : part.alarm_name])
    )
    error_message = "The composite must be on while any part is."
  }

  assert {
    condition = alltrue([
      for composite in concat(values(aws_cloudwatch_composite_alarm.part), aws_cloudwatch_composite_alarm.this) :
      length(composite.alarm_rule) <= 10240 && length(regexall("ALARM", composite.alarm_rule)) <= 100
    ])
    error_message = "CloudWatch takes 100 children and 10,240 characters a rule."
  }
}

run "a_tenant_a_budget_fits_the_composite" {
  command = plan

  variables {
    tenants = { for number in range(60) : "tenant-${number}" => { budget = { day_usd = 1 } } }
  }

  assert {
    condition = (
      length(aws_cloudwatch_metric_alarm.this) == 130
      && [for part in aws_cloudwatch_composite_alarm.part : length(regexall("ALARM", part.alarm_rule))] == [75, 55]
    )
    error_message = "46 tenants with a budget were more than one composite may have."
  }
}

