# What you bring yourself, and what the module then leaves alone.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Any file will do: nothing is uploaded.
variables {
  package = { function_zip = "./versions.tf", layer_zip = "./versions.tf" }
}

run "tables_of_your_own_are_used_and_not_made" {
  command = plan

  variables {
    kms_key = { arn = "arn:aws:kms:eu-central-1:123456789012:key/mine" }
    tables = {
      existing = {
        usage = {
          name       = "their-usage"
          arn        = "arn:aws:dynamodb:eu-central-1:123456789012:table/their-usage"
          stream_arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/their-usage/stream/2026-11-21T00:00:00.000"
        }
        spend   = { name = "their-spend", arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/their-spend" }
        control = { name = "their-control", arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/their-control" }
      }
    }
  }

  assert {
    condition     = length(aws_dynamodb_table.usage) + length(aws_dynamodb_table.spend) + length(aws_dynamodb_table.control) == 0
    error_message = "A second set of tables would split the sums."
  }

  assert {
    condition = (
      aws_lambda_function.this["price_rows"].environment[0].variables["SPEND_TABLE"] == "their-spend"
      && alltrue([for name in ["analyze", "invoke_model", "record_answer", "plan_next_step"] :
      aws_lambda_function.this[name].environment[0].variables["USAGE_TABLE"] == "their-usage"])
      && aws_lambda_event_source_mapping.usage.event_source_arn == "arn:aws:dynamodb:eu-central-1:123456789012:table/their-usage/stream/2026-11-21T00:00:00.000"
    )
    error_message = "Functions and stream use the tables given."
  }

  assert {
    condition = contains(flatten([
      for statement in data.aws_iam_policy_document.sweep.statement : tolist(statement.resources)
    ]), "arn:aws:dynamodb:eu-central-1:123456789012:table/their-usage/index/by-queue")
    error_message = "Roles name the tables given, and their indexes."
  }
}

run "log_groups_of_your_own_are_written_and_not_made" {
  command = plan

  variables {
    logs = { groups = { analyze = "/platform/analyze", workflow = "/aws/vendedlogs/platform" } }
  }

  assert {
    condition     = !contains(keys(aws_cloudwatch_log_group.function), "analyze") && contains(keys(aws_cloudwatch_log_group.function), "sweep") && length(aws_cloudwatch_log_group.state_machine) == 0
    error_message = "Those that are left out are made."
  }

  assert {
    condition = (
      aws_lambda_function.this["analyze"].logging_config[0].log_group == "/platform/analyze"
      && aws_sfn_state_machine.this["workflow"].logging_configuration[0].log_destination == "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/vendedlogs/platform:*"
    )
    error_message = "Function and workflow write where they are told."
  }

  assert {
    condition = one([
      for statement in data.aws_iam_policy_document.function_runtime["analyze"].statement : tolist(statement.resources) if statement.sid == "WriteItsLog"
    ]) == tolist(["arn:aws:logs:eu-central-1:123456789012:log-group:/platform/analyze:*"])
    error_message = "The role may write that group and no other."
  }
}

run "a_list_of_tenants_reaches_analyze" {
  command = plan

  variables {
    tenants         = { acme = {} }
    unknown_tenants = "refuse"
  }

  assert {
    condition     = jsondecode(local.settings["analyze"].FAREGATE_CONFIG).unknown_tenants == "refuse"
    error_message = "analyze refuses, before anything is paid."
  }
}

run "without_a_list_every_tenant_may_ask" {
  command = plan

  assert {
    condition     = !can(jsondecode(local.settings["analyze"].FAREGATE_CONFIG).unknown_tenants)
    error_message = "The default needs no setting."
  }
}

run "a_list_without_tenants_would_refuse_everybody" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    tenants         = { "*" = {} }
    unknown_tenants = "refuse"
  }

  expect_failures = [var.unknown_tenants]
}

run "tables_and_groups_that_nothing_bears_are_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    logs = { groups = { analyze = "arn:aws:logs:eu-central-1:123456789012:log-group:mine" } }
    tables = {
      existing = {
        usage   = { name = "u", arn = "u", stream_arn = "u" }
        spend   = { name = "s", arn = "s" }
        control = { name = "c", arn = "c" }
      }
    }
  }

  expect_failures = [var.logs, var.tables]
}

run "risky_mixes_are_told_and_planned" {
  command = plan

  variables {
    alarms   = { topic_arns = [] }
    privacy  = { store_text = false }
    workflow = { include_execution_data = true }
  }

  expect_failures = [check.alarms_reach_somebody, check.text_is_kept_out_everywhere]
}
