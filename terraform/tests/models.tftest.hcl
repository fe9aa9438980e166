# Which models are called: defaults, tiers that replace them, and what no model may be.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Any file will do: nothing is uploaded.
variables {
  package = { function_zip = "./versions.tf", layer_zip = "./versions.tf" }
}

run "a_given_tier_replaces_its_default_whole_and_the_others_keep_theirs" {
  command = plan

  variables {
    models = { CALCULATION = { model = "anthropic.claude-haiku-5-5" } }
  }

  assert {
    condition = {
      for name, calls in local.calls : name => [for call in calls : "${call.provider}/${call.model}/${call.max_tokens}"]
      } == {
      SIMPLE      = ["bedrock/eu.anthropic.claude-haiku-5-5/2048", "bedrock/eu.anthropic.claude-sonnet-5-5/4096"]
      CALCULATION = ["bedrock/eu.anthropic.claude-haiku-5-5/4096"]
      COMPLEX     = ["bedrock/eu.anthropic.claude-sonnet-5-5/8192", "bedrock/eu.anthropic.claude-sonnet-5/8192"]
    }
    error_message = "A tier that is given has neither the default's provider nor its fallbacks; a tier that is not given keeps both."
  }
}

run "each_tier_has_a_max_tokens_of_its_own_for_its_model_and_its_fallbacks" {
  command = plan

  variables {
    models = {
      for tier in ["SIMPLE", "CALCULATION", "COMPLEX"] : tier => {
        model     = "anthropic.claude-haiku-5-5"
        fallbacks = [{ model = "anthropic.claude-sonnet-5-5" }, { model = "anthropic.claude-sonnet-5", max_tokens = 77 }]
      }
    }
  }

  assert {
    condition = { for name, calls in local.calls : name => calls[*].max_tokens } == {
      SIMPLE = [2048, 4096, 77], CALCULATION = [4096, 4096, 77], COMPLEX = [8192, 8192, 77]
    }
    error_message = "These defaults are documented, and a number that is given is used."
  }
}

run "a_tier_that_is_null_keeps_its_default" {
  command = plan

  variables {
    models = { SIMPLE = null, COMPLEX = { model = "anthropic.claude-haiku-5-5" } }
  }

  assert {
    condition     = local.calls.SIMPLE[0].model == "eu.anthropic.claude-haiku-5-5" && length(local.calls.COMPLEX) == 1
    error_message = "null is Terraform's word for the default."
  }
}

run "a_misspelt_tier_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    models = { SIMPEL = { model = "anthropic.claude-haiku-5-5" } }
  }

  expect_failures = [var.models]
}

run "only_models_of_usable_providers_are_offered" {
  command = plan

  variables {
    anthropic = { api_key_parameter = "/team/anthropic" }
  }

  assert {
    condition     = jsondecode(local.settings["analyze"].FAREGATE_CONFIG).providers == ["bedrock", "openai", "anthropic"]
    error_message = "A provider with a key can be asked."
  }
}

run "a_default_endpoint_is_not_written" {
  command = plan

  assert {
    condition = toset([
      for variable in keys(aws_lambda_function.this["invoke_model"].environment[0].variables) : variable
      if endswith(variable, "_API_KEY_PARAMETER") || endswith(variable, "_BASE_URL")
    ]) == toset(["OPENAI_API_KEY_PARAMETER"])
    error_message = "The SDKs know their own endpoints, and a key that is not there has no name."
  }
}

run "a_geography_that_the_region_cannot_call_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    bedrock = { profile_prefix = "us" }
  }

  expect_failures = [var.bedrock]
}

run "so_is_a_model_that_names_one" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    models   = { SIMPLE = { model = "anthropic.claude-haiku-5-5", fallbacks = [{ model = "us.anthropic.claude-haiku-5-5" }] } }
    analyzer = { model = "jp.anthropic.claude-haiku-5-5" }
  }

  expect_failures = [var.models, var.analyzer]
}

run "global_profiles_are_called_from_everywhere" {
  command = plan

  variables {
    bedrock = { profile_prefix = "global" }
    models  = { SIMPLE = { model = "eu.anthropic.claude-haiku-5-5" } }
  }

  assert {
    condition     = local.calls.COMPLEX[0].model == "global.anthropic.claude-sonnet-5-5" && local.calls.SIMPLE[0].model == "eu.anthropic.claude-haiku-5-5"
    error_message = "A geography that is written is used."
  }
}

run "the_profiles_of_us_east_1" {
  command = plan

  variables {
    analyzer = { strategy = "heuristic" }
  }

  override_data {
    target = data.aws_region.this
    values = { id = "us-east-1" }
  }

  assert {
    condition     = local.calls.SIMPLE[0].model == "us.anthropic.claude-haiku-5-5"
    error_message = "The default profiles are those that us-east-1 can call."
  }
}

run "the_profiles_of_us_gov_west_1" {
  command = plan

  variables {
    analyzer = { strategy = "heuristic" }
  }

  override_data {
    target = data.aws_region.this
    values = { id = "us-gov-west-1" }
  }

  assert {
    condition     = local.calls.SIMPLE[0].model == "us-gov.anthropic.claude-haiku-5-5"
    error_message = "The default profiles are those that us-gov-west-1 can call."
  }
}

run "the_profiles_of_eu_north_1" {
  command = plan

  variables {
    analyzer = { strategy = "heuristic" }
  }

  override_data {
    target = data.aws_region.this
    values = { id = "eu-north-1" }
  }

  assert {
    condition     = local.calls.SIMPLE[0].model == "eu.anthropic.claude-haiku-5-5"
    error_message = "The default profiles are those that eu-north-1 can call."
  }
}

run "the_profiles_of_ap_northeast_1" {
  command = plan

  variables {
    analyzer = { strategy = "heuristic" }
  }

  override_data {
    target = data.aws_region.this
    values = { id = "ap-northeast-1" }
  }

  assert {
    condition     = local.calls.SIMPLE[0].model == "jp.anthropic.claude-haiku-5-5"
    error_message = "The default profiles are those that ap-northeast-1 can call."
  }
}

run "the_profiles_of_ap_southeast_2" {
  command = plan

  variables {
    analyzer = { strategy = "heuristic" }
  }

  override_data {
    target = data.aws_region.this
    values = { id = "ap-southeast-2" }
  }

  assert {
    condition     = local.calls.SIMPLE[0].model == "au.anthropic.claude-haiku-5-5"
    error_message = "The default profiles are those that ap-southeast-2 can call."
  }
}

run "the_profiles_of_ap_south_1" {
  command = plan

  variables {
    analyzer = { strategy = "heuristic" }
  }

  override_data {
    target = data.aws_region.this
    values = { id = "ap-south-1" }
  }

  assert {
    condition     = local.calls.SIMPLE[0].model == "apac.anthropic.claude-haiku-5-5"
    error_message = "The default profiles are those that ap-south-1 can call."
  }
}

run "the_profiles_of_ca_central_1" {
  command = plan

  variables {
    analyzer = { strategy = "heuristic" }
  }

  override_data {
    target = data.aws_region.this
    values = { id = "ca-central-1" }
  }

  assert {
    condition     = local.calls.SIMPLE[0].model == "ca.anthropic.claude-haiku-5-5"
    error_message = "The default profiles are those that ca-central-1 can call."
  }
}

run "the_profiles_of_sa_east_1" {
  command = plan

  variables {
    analyzer = { strategy = "heuristic" }
  }

  override_data {
    target = data.aws_region.this
    values = { id = "sa-east-1" }
  }

  assert {
    condition     = local.calls.SIMPLE[0].model == "global.anthropic.claude-haiku-5-5"
    error_message = "The default profiles are those that sa-east-1 can call."
  }
}

run "the_profiles_of_cn_north_1" {
  command = plan

  variables {
    analyzer = { strategy = "heuristic" }
  }

  override_data {
    target = data.aws_region.this
    values = { id = "cn-north-1" }
  }

  assert {
    condition     = local.calls.SIMPLE[0].model == "anthropic.claude-haiku-5-5"
    error_message = "The default profiles are those that cn-north-1 can call."
  }
}
