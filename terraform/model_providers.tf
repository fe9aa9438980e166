# The providers of models. Whatever lists them reads this table, and src/router has the same one: a test holds the two equal.

locals {
  # One line a provider: the words it has for `service_tier` and `latency`, and where its API is unless told otherwise.
  providers = {
    bedrock   = { service_tiers = ["default", "flex", "priority", "reserved"], latencies = ["standard", "optimized"], endpoint = null }
    openai    = { service_tiers = ["auto", "default", "flex", "priority", "scale", "fast"], latencies = [], endpoint = "https://api.openai.com/v1" }
    anthropic = { service_tiers = ["auto", "standard_only"], latencies = [], endpoint = "https://api.anthropic.com" }
  }

  # Bedrock takes the role of the function that calls it; the others are reached at an endpoint, with a key.
  keyed_providers = { openai = var.openai, anthropic = var.anthropic }

  # Models of the others are passed over. The order is kept as functions were given it.
  usable_providers = concat(
    [for name in keys(local.providers) : name if !contains(keys(local.keyed_providers), name)],
    [for name in reverse(keys(local.keyed_providers)) : name if local.keyed_providers[name].api_key_parameter != null],
  )

  # For the functions that call them.
  provider_environment = merge(
    { for name, provider in local.keyed_providers : "${upper(name)}_API_KEY_PARAMETER" => provider.api_key_parameter if provider.api_key_parameter != null },
    { for name, provider in local.keyed_providers : "${upper(name)}_BASE_URL" => provider.endpoint if provider.endpoint != null && provider.endpoint != local.providers[name].endpoint },
  )
}
