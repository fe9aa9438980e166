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
    condition = jsondecode(local.settings["analyze"].FAREGATE_CONFIG).routing == {
      raise_above = 1, lower_below = 0
      shadow      = { share = 0.1, strategy = "hybrid", weights = "s3://ours/new.weights" }
    }
    error_message = "The settings hold what was set and nothing else."
  }

  assert {
    condition     = jsondecode(local.settings["analyze"].FAREGATE_CONFIG).analyzer.model == "eu.anthropic.claude-haiku-5-5"
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

run "duplicates_have_a_function_a_schedule_and_a_budget_of_their_own" {
  command = plan

  variables {
    queue   = {}
    routing = { duplicate = { share = 0.05, budget = { day_usd = 2 } } }
  }

  assert {
    condition = (
      jsondecode(local.settings["analyze"].FAREGATE_CONFIG).routing.duplicate == { share = 0.05 }
      && jsondecode(local.settings["analyze"].FAREGATE_CONFIG).workflow_budgets.duplicates == { day_usd = 2, soft_share = 1 }
    )
    error_message = "analyze draws them and holds them to their budget."
  }

  assert {
    condition = (
      aws_lambda_function.this["duplicate"].environment[0].variables.JUDGE_TIER == "COMPLEX"
      && aws_cloudwatch_event_rule.duplicate[0].schedule_expression == "rate(5 minutes)"
    )
    error_message = "The function needs its judge, and somebody must start it."
  }

  assert {
    condition = toset(flatten([for statement in data.aws_iam_policy_document.duplicate[0].statement : tolist(statement.actions)])) == toset([
      "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:UpdateItem", "s3:GetObject", "s3:ListBucket", "sqs:SendMessage",
    ])
    error_message = "It calls no model and starts no run: it sends requests."
  }
}

run "without_duplicates_there_is_no_function_for_them" {
  command = plan

  assert {
    condition     = !contains(keys(aws_lambda_function.this), "duplicate") && length(aws_cloudwatch_event_rule.duplicate) == 0
    error_message = "They are off by default."
  }
}

run "duplicates_need_the_queue" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    routing = { duplicate = { share = 0.05, budget = { day_usd = 2 } } }
  }

  expect_failures = [var.routing]
}

run "duplicates_need_a_budget" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    queue   = {}
    routing = { duplicate = { share = 0.05, budget = {} } }
  }

  expect_failures = [var.routing]
}

run "a_trial_of_nothing_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    routing = { shadow = { share = 0.5 } }
  }

  expect_failures = [var.routing]
}

run "a_trial_out_of_range_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    routing = { split = { share = 1.5, raise_above = 0.5 } }
  }

  expect_failures = [var.routing]
}

run "a_strategy_that_is_not_known_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    routing = { split = { share = 0.5, strategy = "coin" } }
  }

  expect_failures = [var.routing]
}
