# The module's inputs, as functions read them: in their environments, or in items (settings_items.tf).

locals {
  # For analyze, which routes.
  config = merge(
    {
      tiers     = local.tiers
      providers = local.usable_providers
      # The words that a function assumes anyway are not written.
      routing = merge(
        { raise_above = var.routing.raise_above, lower_below = var.routing.lower_below },
        var.routing.cache_points ? {} : { cache_points = false },
        var.routing.unsupported_options == { protocols = "drop", requests = "refuse" } ? {} : { unsupported_options = var.routing.unsupported_options },
        local.trials,
        var.routing.duplicate == null ? {} : { duplicate = { share = var.routing.duplicate.share } },
      )
      limits           = var.limits
      store_text       = var.privacy.store_text
      text_ttl_days    = var.privacy.text_ttl_days
      workflow_type    = var.workflow.type
      workflow_seconds = local.workflow_seconds
      analyzer         = local.analyzer
      tenants          = local.tenants
      # What the state alone needs is not in it.
      review = var.review == null ? null : { for name, value in var.review : name => value if name != "heartbeat_seconds" }
    },
    local.guards,
    var.unknown_tenants == "refuse" ? { unknown_tenants = "refuse" } : {},
    var.bedrock.guardrail == null ? {} : { guardrail = true },
  )

  # Null settings are omitted: a function has defaults of its own.
  tenants = {
    for tenant, rules in var.tenants : tenant => {
      for name, value in merge(rules, {
        pins   = rules.pins == null ? null : [for pin in rules.pins : { for part, text in pin : part => text if text != null }]
        budget = rules.budget == null ? null : { for name, value in rules.budget : name => value if value != null }
        rate   = rules.rate == null ? null : { for name, value in rules.rate : name => value if value != null }
      }) : name => value if value != null
    }
  }

  # Near its end, the budget of duplicates must not have another tier judge.
  workflow_budgets = merge(var.budgets.workflows, { for duplicate in var.routing.duplicate[*] : "duplicates" => merge(duplicate.budget, { soft_share = 1 }) })

  # Guards over all tenants together, and for each model.
  guards = merge(
    var.budgets.day_usd == null && var.budgets.month_usd == null ? {} : {
      budget = { for name, value in var.budgets : name => value if !contains(["on_store_failure", "workflows", "session_usd"], name) && value != null }
    },
    var.budgets.session_usd == null ? {} : { session_usd = var.budgets.session_usd },
    length(local.workflow_budgets) == 0 ? {} : {
      workflow_budgets = { for name, limits in local.workflow_budgets : name => { for field, value in limits : field => value if value != null } }
    },
    { on_store_failure = var.budgets.on_store_failure },
    { for name, settings in { breaker = local.breaker } : name => settings if settings != null },
  )

  # The defaults are in src/router/guards/breaker.py.
  breaker = var.breaker == null ? null : { for name, value in var.breaker : name => value if name != "batch_seconds" && value != null }

  # For functions that emit metrics by tenant.
  metrics_environment = length(local.metric_tenants) == 0 ? {} : { METRIC_TENANTS = join(",", local.metric_tenants) }
  detail_environment  = var.observability.detailed_metrics ? { DETAILED_METRICS = "true" } : {}

  # For functions that price rows, and add them to the sums.
  pricing_environment = merge(local.rates_environment, local.metrics_environment, local.detail_environment)

  # All that a price depends on beside its row, for functions that price what they show before `price_rows` has: they must find the same.
  # The share is that of the requests that X-Ray records.
  rates_environment = merge(local.residency_environment, {
    PRICE_OVERRIDES = jsonencode(var.prices)
    TRACED_SHARE    = tostring(var.observability.xray ? var.observability.xray_share : 0)
  })

  # For functions that call Bedrock.
  bedrock_environment = merge(
    var.bedrock.endpoint == null ? {} : { AWS_ENDPOINT_URL_BEDROCK_RUNTIME = var.bedrock.endpoint },
    length(local.profiled_ids) == 0 ? {} : { BEDROCK_PROFILES = jsonencode(local.profile_arns) },
  )
}
