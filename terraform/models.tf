# From the models in the inputs to the ids that are called, and to the ARNs that the role may call.

locals {
  region_geography = try([for geography in local.bedrock_geographies : geography.prefix if can(regex(geography.regions, local.region))][0], "")

  profile_prefix = var.bedrock.profile_prefix != null ? var.bedrock.profile_prefix : local.region_geography
  bedrock_prefix = local.profile_prefix == "" ? "" : "${local.profile_prefix}."

  # A tier in `models` replaces its default entirely.
  default_models = {
    SIMPLE      = { provider = "bedrock", model = "anthropic.claude-haiku-5-5", fallbacks = [{ provider = "bedrock", model = "anthropic.claude-sonnet-5-5" }] }
    CALCULATION = { provider = "openai", model = "gpt-6-luna", fallbacks = [{ provider = "bedrock", model = "anthropic.claude-sonnet-5-5" }] }
    COMPLEX     = { provider = "bedrock", model = "anthropic.claude-sonnet-5-5", fallbacks = [{ provider = "bedrock", model = "anthropic.claude-sonnet-5" }] }
  }
  models = merge(local.default_models, { for name, tier in var.models : name => tier if tier != null })

  # For models and fallbacks that set no `max_tokens`.
  default_max_tokens = {
    SIMPLE      = { model = 2048, fallbacks = 4096 }
    CALCULATION = { model = 4096, fallbacks = 4096 }
    COMPLEX     = { model = 8192, fallbacks = 8192 }
  }

  tiers = {
    for name, tier in local.models : name => merge(local.calls[name][0], {
      fallbacks = slice(local.calls[name], 1, length(local.calls[name]))
    })
  }

  # Each tier's models in the order in which they are called.
  calls = {
    for name, tier in local.models : name => [
      for place, call in concat([tier], tier.fallbacks) : merge(
        {
          provider   = call.provider
          max_tokens = coalesce(try(call.max_tokens, null), local.default_max_tokens[name][place == 0 ? "model" : "fallbacks"])
          model = (
            call.provider != "bedrock" || startswith(call.model, "arn:") || can(regex(local.geography, call.model))
            ? call.model
            : "${local.bedrock_prefix}${call.model}"
          )
        },
        # Unset options are not written: a function has defaults of its own.
        { for option in ["when", "context_tokens", "service_tier", "latency"] : option => call[option] if try(call[option], null) != null },
        { for option in ["capabilities"] : option => { for name, value in call[option] : name => value if value != null } if try(call[option], null) != null },
      )
    ]
  }

  # A conditional would convert the numbers to strings.
  analyzer = {
    for name, value in merge(var.analyzer, { provider = "bedrock", model = local.classifier_model }) :
    name => value if name != "weights" && (name == "strategy" || local.knows_classifier)
  }

  # Strategies on trial, as functions read them.
  trials = {
    for name, trial in { shadow = var.routing.shadow, split = var.routing.split } : name => {
      for field, value in merge(trial, { weights = trial.weights == null ? null : "s3://${trial.weights.bucket}/${trial.weights.key}" }) :
      field => value if value != null
    } if trial != null
  }
  trial_weights = distinct([for trial in [var.routing.shadow, var.routing.split] : trial.weights if try(trial.weights, null) != null])

  # The shadow asks no model, but decides whether it would.
  asks_classifier  = anytrue([for strategy in [var.analyzer.strategy, try(var.routing.split.strategy, null)] : coalesce(strategy, "heuristic") != "heuristic"])
  knows_classifier = local.asks_classifier || coalesce(try(var.routing.shadow.strategy, null), "heuristic") != "heuristic"

  classifier_model = (
    startswith(var.analyzer.model, "arn:") || can(regex(local.geography, var.analyzer.model))
    ? var.analyzer.model
    : "${local.bedrock_prefix}${var.analyzer.model}"
  )
  classifier_has_geography = can(regex(local.geography, local.classifier_model))
  classifier_is_profile    = local.classifier_has_geography || strcontains(local.classifier_arn, "inference-profile/")
  classifier_arn = (
    contains(local.profiled_ids, local.classifier_model) ? local.profile_arns[local.classifier_model]
    : startswith(local.classifier_model, "arn:") ? local.classifier_model
    : local.classifier_has_geography ? "arn:${local.partition}:bedrock:${local.arn_suffix}:inference-profile/${local.classifier_model}"
    : "arn:${local.partition}:bedrock:${local.region}::foundation-model/${local.classifier_model}"
  )
  # The models behind the classifier's profile, in any region of its geography.
  classifier_routed_arns = [
    for id in(
      contains(local.profiled_ids, local.classifier_model) || local.classifier_has_geography ? [replace(local.classifier_model, "/${local.geography}/", "")]
      : local.classifier_is_profile ? var.bedrock.foundation_models
      : []
    ) : "arn:${local.partition}:bedrock:*::foundation-model/${id}"
  ]

  bedrock_ids      = distinct([for call in flatten(values(local.calls)) : call.model if call.provider == "bedrock"])
  bedrock_arns     = [for id in local.bedrock_ids : id if startswith(id, "arn:")]
  bedrock_profiles = [for id in local.bedrock_ids : id if can(regex(local.geography, id))]
  bedrock_regional = [for id in local.bedrock_ids : id if !startswith(id, "arn:") && !can(regex(local.geography, id))]

  # A model with an application inference profile is called only through it.
  bedrock_profile_arns = concat(
    [for id in local.bedrock_ids : local.profile_arns[id] if contains(local.profiled_ids, id)],
    [for id in setsubtract(local.bedrock_profiles, local.profiled_ids) : "arn:${local.partition}:bedrock:${local.arn_suffix}:inference-profile/${id}"],
    [for arn in local.bedrock_arns : arn if strcontains(arn, "inference-profile/")],
  )
  bedrock_direct_arns = concat(
    [for id in setsubtract(local.bedrock_regional, local.profiled_ids) : "arn:${local.partition}:bedrock:${local.region}::foundation-model/${id}"],
    [for arn in local.bedrock_arns : arn if !strcontains(arn, "inference-profile/")],
  )
  # A profile routes a call to any region of its geography, and AWS may add regions to it: hence `*`.
  bedrock_profile_model_arns = [
    for id in distinct(concat(
      [for id in local.bedrock_ids : replace(id, "/${local.geography}/", "") if contains(concat(local.bedrock_profiles, local.profiled_ids), id)],
      var.bedrock.foundation_models,
    )) :
    "arn:${local.partition}:bedrock:*::foundation-model/${id}"
  ]
}
