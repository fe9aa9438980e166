# Valid, but probably not intended: a plan warns and continues.

check "alarms_reach_somebody" {
  assert {
    condition     = !var.alarms.enabled || length(local.alarm_topic_arns) > 0
    error_message = "alarms.topic_arns is empty: alarms start and end without a notification. Name a topic, or set alarms = { enabled = false }."
  }
}

check "text_is_kept_out_everywhere" {
  assert {
    condition     = var.privacy.store_text || !var.workflow.include_execution_data
    error_message = "privacy.store_text is false, yet workflow.include_execution_data writes prompts and answers to the workflow's log."
  }
}

# The rates that the configuration promises, beside what AWS gives an account without being asked; docs/scale.md has both.
locals {
  tenant_rates    = [for rules in values(var.tenants) : coalesce(rules.rate.requests, 0) / 60 if rules.rate != null]
  configured_rate = max(0, sum(concat([0], local.tenant_rates)), var.api == null ? 0 : var.api.throttle.rate_limit)

  starts_a_second = var.workflow.type == "EXPRESS" ? 6000 : (
    contains(["us-east-1", "us-west-2", "eu-west-1"], data.aws_region.this.id) ? 300 : 150
  )

  # Seconds that a function is busy with one request, about: a call of a model takes three.
  busy_seconds = { analyze = 0.05, invoke_model = 3 }
}

check "a_tenants_rate_fits_its_buckets" {
  assert {
    condition     = alltrue([for rate in local.tenant_rates : rate <= 30])
    error_message = "A tenant's `rate` is kept in one item, which takes some 30 requests a second (1800 a minute). Write at most rate = { requests = 1800 }, or none: budgets carry more."
  }
}

check "starts_carry_the_rates" {
  assert {
    condition     = local.configured_rate <= local.starts_a_second
    error_message = "tenants and api promise ${format("%.0f", local.configured_rate)} requests a second, and Step Functions starts ${local.starts_a_second} in ${data.aws_region.this.id} unless you ask for more (the protocols of the HTTP API start none). Ask for more StartExecution, write workflow = { type = \"EXPRESS\" }, or lower the rates."
  }
}

check "reserved_concurrency_carries_the_rates" {
  assert {
    condition = alltrue([
      for name, seconds in local.busy_seconds :
      lookup(var.functions.reserved_concurrency, name, 1e6) >= local.configured_rate * seconds
    ])
    error_message = "tenants and api promise ${format("%.0f", local.configured_rate)} requests a second, which need about ${join(" and ", [for name, seconds in local.busy_seconds : "${ceil(local.configured_rate * seconds)} of ${name}"])} at a time. Raise functions.reserved_concurrency of these, or lower the rates."
  }
}

# A quota of API Gateway that AWS raises on request.
check "keys_fit_the_usage_plans" {
  assert {
    condition     = length(try(var.api.keys, {})) <= 300
    error_message = "Each of api.keys has a usage plan, and API Gateway makes 300 in a region unless you ask for more. Ask for more usage plans, or write auth = \"AUTHORIZER\": Bearer keys are in a table."
  }
}
