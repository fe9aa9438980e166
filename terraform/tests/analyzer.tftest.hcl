# Who classifies, what that may cost in permissions, and the tenants' rules.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Any file will do: nothing is uploaded.
variables {
  package = { function_zip = "./versions.tf", layer_zip = "./versions.tf" }
}

run "the_default_analyzer_may_ask_one_model_and_reads_no_bucket" {
  command = plan

  # Hybrid is the default and may ask one model.
  assert {
    condition = jsondecode(local.settings["analyze"].FAREGATE_CONFIG).analyzer == {
      strategy = "hybrid", provider = "bedrock", model = "eu.anthropic.claude-haiku-5-5", unsure_below = 0.7, timeout_ms = 3000, max_tokens = 24
    }
    error_message = "These defaults are documented."
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.accept.statement : statement.sid => toset(statement.resources)
      if contains(statement.actions, "bedrock:InvokeModel")
      } == {
      AskTheClassifier     = toset(["arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.anthropic.claude-haiku-5-5"])
      BeRoutedByItsProfile = toset(["arn:aws:bedrock:*::foundation-model/anthropic.claude-haiku-5-5"])
    }
    error_message = "analyze may ask the classifier's model and call no other."
  }

  assert {
    condition = one([
      for statement in data.aws_iam_policy_document.accept.statement :
      tolist(one(statement.condition).values) if statement.sid == "BeRoutedByItsProfile"
    ]) == tolist(["arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.anthropic.claude-haiku-5-5"])
    error_message = "The model is reached through the profile alone."
  }

  assert {
    condition = (
      jsondecode(local.settings["analyze"].FAREGATE_CONFIG).analyzer.timeout_ms < 1000 * aws_lambda_function.this["analyze"].timeout
    )
    error_message = "The function must outlive its question, or every slow opinion would cost the request a retry."
  }

  # The score decides nothing until it is calibrated.
  assert {
    condition = jsondecode(local.settings["analyze"].FAREGATE_CONFIG).routing == {
      raise_above = 1, lower_below = 0
    }
    error_message = "No score is above 1 or below 0: these bounds leave the label alone."
  }

  # Without weights of its own, analyze reads no bucket.
  assert {
    condition     = !contains(keys(aws_lambda_function.this["analyze"].environment[0].variables), "ANALYZER_WEIGHTS")
    error_message = "The shipped weights need no address."
  }

  assert {
    condition = one([
      for statement in data.aws_iam_policy_document.accept.statement : toset(statement.resources)
      if contains(statement.actions, "s3:GetObject")
    ]) == toset(["arn:aws:s3:::made-answers-1/requests/*", "arn:aws:s3:::made-answers-1/uploads/*"])
    error_message = "analyze reads what is asked, and no answer."
  }
}

run "the_heuristic_alone_needs_no_model" {
  command = plan

  variables {
    analyzer = { strategy = "heuristic" }
  }

  assert {
    condition     = alltrue([for statement in data.aws_iam_policy_document.accept.statement : !contains(statement.actions, "bedrock:InvokeModel")])
    error_message = "A function that asks nobody may call nobody."
  }

  assert {
    condition     = jsondecode(local.settings["analyze"].FAREGATE_CONFIG).analyzer == { strategy = "heuristic" }
    error_message = "analyze must be told."
  }
}

run "a_classifier_of_this_region_or_of_an_arn_is_called_directly" {
  command = plan

  variables {
    bedrock  = { profile_prefix = "" }
    analyzer = { strategy = "llm", model = "amazon.nova-lite-v1:0" }
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.accept.statement : statement.sid => toset(statement.resources)
      if contains(statement.actions, "bedrock:InvokeModel")
    } == { AskTheClassifier = toset(["arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-lite-v1:0"]) }
    error_message = "Without a profile there is one model to call."
  }
}

run "the_classifier_is_asked_where_the_models_are_and_weighed_by_your_prices" {
  command = plan

  variables {
    bedrock = { endpoint = "http://127.0.0.1:8080" }
    prices  = [{ provider = "bedrock", model = "next", input = "1" }]
  }

  assert {
    condition = (
      aws_lambda_function.this["analyze"].environment[0].variables["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"] == "http://127.0.0.1:8080"
      && jsondecode(local.settings["analyze"].PRICE_OVERRIDES)[0].model == "next"
    )
    error_message = "analyze must know endpoint and prices."
  }
}

run "rules_reach_analyze_without_what_was_left_out" {
  command = plan

  variables {
    tenants = {
      "*"  = { deny_providers = ["openai"] }
      acme = { floor = "CALCULATION", pins = [{ regex = "\\bPO-\\d{4,10}\\b", tier = "SIMPLE" }], tier_names = { cheap = "SIMPLE" } }
    }
  }

  assert {
    condition = jsondecode(local.settings["analyze"].FAREGATE_CONFIG).tenants == {
      "*"  = { deny_providers = ["openai"] }
      acme = { floor = "CALCULATION", pins = [{ regex = "\\bPO-\\d{4,10}\\b", tier = "SIMPLE" }], tier_names = { cheap = "SIMPLE" } }
    }
    error_message = "The settings hold what was set and nothing else."
  }

  assert {
    condition     = [for name, values in local.settings : name if contains(keys(values), "FAREGATE_CONFIG")] == ["analyze"]
    error_message = "Only the function that routes needs models and rules: another model is no change of the others."
  }
}

run "an_analyzer_that_cannot_be_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    analyzer = { strategy = "always", model = "a b", unsure_below = 2, timeout_ms = 20000, max_tokens = 1 }
  }

  expect_failures = [var.analyzer]
}

run "a_floor_above_its_ceiling_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    tenants = { acme = { floor = "COMPLEX", ceiling = "SIMPLE" } }
  }

  expect_failures = [var.tenants]
}

run "an_unknown_tier_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    tenants = { acme = { tier_names = { cheap = "TINY" } } }
  }

  expect_failures = [var.tenants]
}

run "a_pin_of_two_kinds_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    tenants = { acme = { pins = [{ contains = "a", regex = "b", tier = "SIMPLE" }] } }
  }

  expect_failures = [var.tenants]
}

run "a_pattern_without_a_bound_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    tenants = { acme = { pins = [{ regex = "(a|a)*b", tier = "SIMPLE" }] } }
  }

  expect_failures = [var.tenants]
}

run "a_pattern_with_lookaround_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    tenants = { acme = { pins = [{ regex = "(?=x)y", tier = "SIMPLE" }] } }
  }

  expect_failures = [var.tenants]
}

run "a_star_as_a_character_is_no_repeat" {
  command = plan

  variables {
    tenants = { acme = { pins = [{ regex = "a\\*b[*+](?:c|d){0,3}", tier = "SIMPLE" }] } }
  }
}

run "an_unknown_provider_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    tenants = { acme = { deny_providers = ["azure"] } }
  }

  expect_failures = [var.tenants]
}

run "calibrated_weights_are_named_and_may_be_read" {
  command = plan

  variables {
    analyzer = { weights = { bucket = "ours", key = "router.weights" } }
  }

  assert {
    condition     = aws_lambda_function.this["analyze"].environment[0].variables["ANALYZER_WEIGHTS"] == "s3://ours/router.weights"
    error_message = "analyze must be told where its weights are."
  }

  assert {
    condition = one([
      for statement in data.aws_iam_policy_document.accept.statement : tolist(statement.resources)
      if statement.sid == "ReadItsWeights"
    ]) == tolist(["arn:aws:s3:::ours/router.weights"])
    error_message = "analyze may read that one object."
  }
}

