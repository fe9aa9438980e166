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
      SIMPLE      = ["bedrock/us.anthropic.claude-haiku-5-5/2048", "bedrock/us.anthropic.claude-sonnet-5-5/4096"]
      CALCULATION = ["bedrock/us.anthropic.claude-haiku-5-5/4096"]
      COMPLEX     = ["bedrock/us.anthropic.claude-sonnet-5-5/8192", "bedrock/us.anthropic.claude-sonnet-5/8192"]
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
    condition     = local.calls.SIMPLE[0].model == "us.anthropic.claude-haiku-5-5" && length(local.calls.COMPLEX) == 1
    error_message = "null is Terraform's word for the default."
  }
}

run "a_misspelt_tier_is_refused" {
  command = plan

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
    condition     = jsondecode(aws_lambda_function.this["analyze"].environment[0].variables["FAREGATE_CONFIG"]).providers == ["bedrock", "openai", "anthropic"]
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
