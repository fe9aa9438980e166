# Strategies on trial: what functions are told of them, and what they may call and read.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Any file will do: nothing is uploaded.
variables {
  package = { function_zip = "./versions.tf", layer_zip = "./versions.tf" }
}

run "a_shadow_is_told_without_what_is_as_in_force_and_calls_no_model" {
  command = plan

  variables {
    analyzer = { strategy = "heuristic" }
    routing  = { shadow = { strategy = "hybrid", weights = { bucket = "ours", key = "new.weights" } } }
  }

  assert {
    condition = jsondecode(aws_lambda_function.this["analyze"].environment[0].variables["FAREGATE_CONFIG"]).routing == {
      raise_above = 1, lower_below = 0
      shadow      = { share = 0.1, strategy = "hybrid", weights = "s3://ours/new.weights" }
    }
    error_message = "The environment is small: it holds what was said and nothing else."
  }

  assert {
    condition     = jsondecode(aws_lambda_function.this["analyze"].environment[0].variables["FAREGATE_CONFIG"]).analyzer.model == "eu.anthropic.claude-haiku-5-5"
    error_message = "Whether asking would pay depends on the model."
  }

  assert {
    condition     = alltrue([for statement in data.aws_iam_policy_document.accept.statement : !contains(statement.actions, "bedrock:InvokeModel")])
    error_message = "A shadow asks nobody."
  }

  assert {
    condition = one([
      for statement in data.aws_iam_policy_document.accept.statement : tolist(statement.resources)
      if statement.sid == "ReadItsWeights"
    ]) == tolist(["arn:aws:s3:::ours/new.weights"])
    error_message = "analyze may read the weights on trial."
  }
}

run "an_arm_that_asks_an_llm_may_call_it" {
  command = plan

  variables {
    analyzer = { strategy = "heuristic", weights = { bucket = "ours", key = "old.weights" } }
    routing  = { split = { share = 0.5, strategy = "llm", weights = { bucket = "ours", key = "new.weights" } } }
  }

  assert {
    condition     = contains([for statement in data.aws_iam_policy_document.accept.statement : statement.sid], "AskTheClassifier")
    error_message = "Arm B is in force for its share."
  }

  assert {
    condition = one([
      for statement in data.aws_iam_policy_document.accept.statement : toset(statement.resources)
      if statement.sid == "ReadItsWeights"
    ]) == toset(["arn:aws:s3:::ours/old.weights", "arn:aws:s3:::ours/new.weights"])
    error_message = "Both arms have their weights."
  }
}

run "a_trial_of_nothing_is_refused" {
  command = plan

  variables {
    routing = { shadow = { share = 0.5 } }
  }

  expect_failures = [var.routing]
}

run "a_trial_out_of_range_is_refused" {
  command = plan

  variables {
    routing = { split = { share = 1.5, raise_above = 0.5 } }
  }

  expect_failures = [var.routing]
}

run "a_strategy_that_is_not_known_is_refused" {
  command = plan

  variables {
    routing = { split = { share = 0.5, strategy = "coin" } }
  }

  expect_failures = [var.routing]
}
