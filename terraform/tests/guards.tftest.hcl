# Budgets, rate limits and breakers: what reaches the functions, and what is refused.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Any file will do: nothing is uploaded.
variables {
  package = { function_zip = "./versions.tf", layer_zip = "./versions.tf" }
}

run "by_default_there_is_a_breaker_and_no_limit" {
  command = plan

  assert {
    condition = (
      jsondecode(local.settings["analyze"].FAREGATE_CONFIG).breaker == {}
      && !contains(keys(jsondecode(local.settings["analyze"].FAREGATE_CONFIG)), "budget")
      && !contains(keys(jsondecode(local.settings["analyze"].FAREGATE_CONFIG)), "workflow_budgets")
      && aws_lambda_function.this["watch_models"].environment[0].variables.BREAKER == "{}"
    )
    error_message = "Breakers have the defaults of the code; nobody has a budget."
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.watch_models[0].maximum_record_age_in_seconds == 60
      && aws_lambda_event_source_mapping.watch_models[0].maximum_retry_attempts == 2
      && aws_lambda_event_source_mapping.watch_models[0].maximum_batching_window_in_seconds == 5
    )
    error_message = "Old news about models is given up, and news is gathered for some seconds."
  }

  assert {
    condition = jsondecode(tolist(aws_lambda_event_source_mapping.watch_models[0].filter_criteria[0].filter)[0].pattern) == {
      dynamodb = { NewImage = { cost_status = { S = ["PENDING"] }, purpose = { S = ["answer"] } } }
    }
    error_message = "The breakers see each answer once, and not the classifier's calls."
  }
}

run "limits_reach_analyze_without_empty_fields" {
  command = plan

  variables {
    tenants = { acme = { budget = { day_usd = 5 }, rate = { requests = 60 } } }
    budgets = { month_usd = 1000, on_store_failure = "accept" }
    breaker = { throttles = 3 }
  }

  assert {
    condition = (
      jsondecode(local.settings["analyze"].FAREGATE_CONFIG).tenants
      == { acme = { budget = { day_usd = 5 }, rate = { requests = 60 } } }
    )
    error_message = "A tenant's limits are handed on as they are written."
  }

  assert {
    condition = (
      jsondecode(local.settings["analyze"].FAREGATE_CONFIG).budget == { month_usd = 1000, soft_share = 0.8 }
      && jsondecode(local.settings["analyze"].FAREGATE_CONFIG).on_store_failure == "accept"
      && jsondecode(aws_lambda_function.this["watch_models"].environment[0].variables.BREAKER) == { throttles = 3 }
    )
    error_message = "What holds for all together stands beside the tenants."
  }
}

run "without_a_breaker_nothing_watches" {
  command = plan

  variables {
    breaker = null
  }

  assert {
    condition = (
      !contains(keys(aws_lambda_function.this), "watch_models") && length(aws_lambda_event_source_mapping.watch_models) == 0
      && !contains(keys(jsondecode(local.settings["analyze"].FAREGATE_CONFIG)), "breaker")
    )
    error_message = "breaker = null makes no function, and analyze skips no model."
  }
}

run "the_guards_write_control_and_nothing_else" {
  command = plan

  override_resource {
    target          = aws_dynamodb_table.control[0]
    override_during = plan
    values          = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/control" }
  }

  assert {
    condition = alltrue([
      for statement in data.aws_iam_policy_document.watch_models[0].statement :
      statement.resources == toset([aws_dynamodb_table.control[0].arn]) if statement.sid == "KeepTheBreakers"
    ])
    error_message = "watch_models writes breakers, and no row."
  }

  assert {
    condition = toset(flatten([
      for statement in data.aws_iam_policy_document.accept.statement : statement.actions if contains(statement.resources, aws_dynamodb_table.control[0].arn)
    ])) == toset(["dynamodb:BatchGetItem", "dynamodb:UpdateItem"])
    error_message = "analyze reads control in batches and updates it in its transaction."
  }
}

run "a_negative_budget_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    tenants = { acme = { budget = { day_usd = -1 } } }
  }
  expect_failures = [var.tenants]
}

run "a_soft_share_above_one_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    budgets = { day_usd = 1, soft_share = 1.2 }
  }
  expect_failures = [var.budgets]
}

run "a_workflow_s_budget_reaches_analyze_and_no_other_deployment_has_one" {
  command = plan
  variables {
    budgets = { workflows = { trips = { day_usd = 5 } } }
  }

  assert {
    condition = (
      jsondecode(local.settings["analyze"].FAREGATE_CONFIG).workflow_budgets
      == { trips = { day_usd = 5, soft_share = 0.8 } }
      && !contains(keys(jsondecode(local.settings["analyze"].FAREGATE_CONFIG)), "budget")
    )
    error_message = "A workflow's limits are handed on as they are written; the deployment as a whole has none."
  }
}

run "the_limit_of_sessions_reaches_analyze_and_is_no_budget_of_the_deployment" {
  command = plan
  variables {
    budgets = { session_usd = 2 }
  }

  assert {
    condition = (
      jsondecode(local.settings["analyze"].FAREGATE_CONFIG).session_usd == 2
      && !contains(keys(jsondecode(local.settings["analyze"].FAREGATE_CONFIG)), "budget")
    )
    error_message = "Every session has the limit; the deployment as a whole has none."
  }
}

run "a_limit_of_sessions_of_nothing_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    budgets = { session_usd = 0 }
  }
  expect_failures = [var.budgets]
}

run "a_workflow_s_budget_under_no_workflow_s_name_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    budgets = { workflows = { "My Trips" = { day_usd = 5 } } }
  }
  expect_failures = [var.budgets]
}

run "a_rate_in_fractions_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    tenants = { acme = { rate = { requests = 0.5 } } }
  }
  expect_failures = [var.tenants]
}

run "an_unknown_way_to_fail_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    budgets = { on_store_failure = "open" }
  }
  expect_failures = [var.budgets]
}

run "a_breaker_that_never_opens_by_mistake_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    breaker = { error_rate = 50 }
  }
  expect_failures = [var.breaker]
}

run "a_cool_down_above_its_own_limit_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    breaker = { cool_down_seconds = 900 }
  }
  expect_failures = [var.breaker]
}

run "each_role_reaches_only_its_own_items_of_control" {
  command = plan

  variables {
    api       = { auth = "AUTHORIZER" }
    websocket = {}
    queue     = {}
    batch     = {}
  }

  override_resource {
    target          = aws_dynamodb_table.control[0]
    override_during = plan
    values          = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/control" }
  }

  # Who may do what to which keys; `*` would be any key, `apikey#` above all.
  assert {
    condition = {
      for name, document in {
        accept         = data.aws_iam_policy_document.accept
        analyze        = data.aws_iam_policy_document.analyze
        api            = data.aws_iam_policy_document.api[0]
        authorize      = data.aws_iam_policy_document.authorize[0]
        converse       = data.aws_iam_policy_document.converse[0]
        finish_batch   = data.aws_iam_policy_document.finish_batch[0]
        ingest         = data.aws_iam_policy_document.ingest[0]
        invoke_model   = data.aws_iam_policy_document.invoke_model
        price_rows     = data.aws_iam_policy_document.price_rows
        push           = data.aws_iam_policy_document.push["invoke_model"]
        push_outcome   = data.aws_iam_policy_document.push["push_outcome"]
        record_outcome = data.aws_iam_policy_document.record_outcome
        run_chunk      = data.aws_iam_policy_document.run_chunk[0]
        split_batch    = data.aws_iam_policy_document.split_batch[0]
        sweep          = data.aws_iam_policy_document.sweep
        sync_api_key   = data.aws_iam_policy_document.sync_api_key[0]
        watch_models   = data.aws_iam_policy_document.watch_models[0]
        websocket      = data.aws_iam_policy_document.websocket[0]
        workflow       = data.aws_iam_policy_document.workflow
      } :
      name => [
        for statement in document.statement : format(
          "%s: %s",
          join(" ", sort([for action in statement.actions : trimprefix(action, "dynamodb:")])),
          join(" ", flatten([for condition in statement.condition : sort(condition.values) if condition.variable == "dynamodb:LeadingKeys"])),
        ) if contains(statement.resources, aws_dynamodb_table.control[0].arn)
      ] if length([for statement in document.statement : statement if contains(statement.resources, aws_dynamodb_table.control[0].arn)]) > 0
      } == {
      accept       = ["BatchGetItem: breaker#* budget#* limits rate#* session#*", "UpdateItem: breaker#* budget#* rate#* session#*"]
      api          = ["BatchGetItem: budget#* limits"]
      authorize    = ["GetItem: apikey#*"]
      ingest       = ["GetItem: rate#*"]
      price_rows   = ["UpdateItem: budget#*"]
      push         = ["GetItem UpdateItem: listener#*"]
      push_outcome = ["DeleteItem GetItem: listener#*"]
      sweep        = ["UpdateItem: budget#*"]
      watch_models = ["BatchGetItem PutItem: breaker#*"]
      websocket    = ["DeleteItem GetItem PutItem: listener#* socket#*"]
    }
    error_message = "A role that may write any item of control can give itself a caller's key."
  }
}
