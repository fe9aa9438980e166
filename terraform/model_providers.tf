# The providers of models. Everything that enumerates providers reads this table; src/router has its counterpart.

locals {
  # One line per provider: its values of `service_tier` and `latency`, and the default endpoint of its API.
  providers = {
    bedrock   = { service_tiers = ["default", "flex", "priority", "reserved"], latencies = ["standard", "optimized"], endpoint = null }
    openai    = { service_tiers = ["auto", "default", "flex", "priority", "scale", "fast"], latencies = [], endpoint = "https://api.openai.com/v1" }
    anthropic = { service_tiers = ["auto", "standard_only"], latencies = [], endpoint = "https://api.anthropic.com" }
  }

  # Bedrock authorizes the role of the calling function; the others have an endpoint and a key.
  keyed_providers = { openai = var.openai, anthropic = var.anthropic }

  # Models of other providers are skipped. Bedrock first, as functions have always been given it.
  usable_providers = concat(
    [for name in keys(local.providers) : name if !contains(keys(local.keyed_providers), name)],
    [for name in reverse(keys(local.keyed_providers)) : name if local.keyed_providers[name].api_key_parameter != null],
  )

  # For the functions that price calls: an endpoint with data residency has a surcharge.
  residency_environment = { for name, value in local.provider_environment : name => value if name == "OPENAI_BASE_URL" }

  # For the functions that call them.
  provider_environment = merge(
    { for name, provider in local.keyed_providers : "${upper(name)}_API_KEY_PARAMETER" => provider.api_key_parameter if provider.api_key_parameter != null },
    { for name, provider in local.keyed_providers : "${upper(name)}_BASE_URL" => provider.endpoint if provider.endpoint != null && provider.endpoint != local.providers[name].endpoint },
  )
}
