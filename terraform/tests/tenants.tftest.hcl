# Settings of any number of tenants: in items of `control`, each below 400 KB; in no environment of 4 KB.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Any file will do: nothing is uploaded.
variables {
  package = { function_zip = "./versions.tf", layer_zip = "./versions.tf" }
}

run "five_hundred_tenants_with_limits_of_their_own_fit_every_limit" {
  command = plan

  variables {
    tenants = {
      for number in range(500) : "customer-${format("%04d", number)}-of-the-region" => {
        budget  = { day_usd = 5, month_usd = 100, soft_share = 0.8 }
        rate    = { requests = 2, tokens = 20000 }
        floor   = "SIMPLE"
        ceiling = "COMPLEX"
        pins    = [{ contains = "Vertragsprüfung ${number}", tier = "COMPLEX" }]
      }
    }
    api   = { auth = "IAM", tenants = { for number in range(500) : "arn:aws:iam::123456789012:role/customer-${number}" => "customer-${format("%04d", number)}-of-the-region" } }
    queue = {}
    batch = {}
  }

  assert {
    condition = alltrue([
      for name, variables in local.lambda_environments :
      sum([for variable, value in variables : length(base64encode("${variable}${value}")) * 3 / 4]) <= 2048
    ])
    error_message = "An environment grows with tenants; Lambda allows 4 KB, and arns of longer names take their part."
  }

  assert {
    condition     = length(jsondecode(local.settings["analyze"].FAREGATE_CONFIG).tenants) == 500 && length(jsondecode(local.settings["ingest"].TENANT_RATES)) == 500 && length(split(",", local.settings["price_rows"].METRIC_TENANTS)) == 500
    error_message = "A tenant's settings are lost."
  }

  assert {
    condition = alltrue([
      for name, item in aws_dynamodb_table_item.settings : length(base64encode(item.item)) * 3 / 4 <= 200000
    ])
    error_message = "500 tenants take less than half of what an item holds."
  }

  assert {
    condition     = length(aws_cloudwatch_composite_alarm.this[0].alarm_rule) <= 10240
    error_message = "The composite alarm's rule grows with tenants."
  }

  assert {
    condition     = length(data.aws_iam_policy_document.analyze.json) <= 10240 && length(data.aws_iam_policy_document.state_machine_runtime.json) <= 10240
    error_message = "A policy grows with tenants."
  }
}

run "each_function_reads_its_own_item_and_no_other" {
  command = plan

  variables {
    api   = { auth = "IAM", tenants = { "arn:aws:iam::123456789012:role/web" = "acme" } }
    queue = {}
  }

  assert {
    condition = alltrue([
      for name, item in aws_dynamodb_table_item.settings :
      aws_lambda_function.this[name].environment[0].variables.SETTINGS_ITEM == "${local.tables.control.name}/${jsondecode(item.item).key.S}"
      && startswith(jsondecode(item.item).key.S, "config#${name}#")
    ])
    error_message = "A function is given the key of its own item."
  }

  assert {
    condition = {
      for name, item in aws_dynamodb_table_item.settings : name => [for variable in keys(jsondecode(item.item)) : variable if variable != "key"]
      } == {
      analyze    = ["FAREGATE_CONFIG", "PRICE_OVERRIDES"]
      api        = ["API_CALLERS", "BUDGETS", "PRICE_OVERRIDES"]
      converse   = ["API_CALLERS", "FAREGATE_CONFIG", "PRICE_OVERRIDES"]
      ingest     = ["TENANT_RATES"]
      price_rows = ["PRICE_OVERRIDES"]
      sweep      = ["PRICE_OVERRIDES"]
    }
    error_message = "Items hold what grows, and each what its function reads."
  }

  assert {
    condition = {
      for name, document in data.aws_iam_policy_document.function_runtime : name => join(",", flatten([
        for statement in document.statement : [for condition in statement.condition : condition.values] if statement.sid == "ReadItsSettings"
      ])) if anytrue([for statement in document.statement : statement.sid == "ReadItsSettings"])
    } == { for name in keys(local.settings) : name => "config#${name}#*" }
    error_message = "The right to read settings is for the function's own keys."
  }
}

run "rules_that_no_item_holds_are_refused_with_what_to_write" {
  command = plan

  variables {
    tenants = { acme = { pins = [for number in range(1000) : { contains = "${number}${join("", [for part in range(30) : "契約書審査"])}", tier = "COMPLEX" }] } }
  }

  expect_failures = [aws_dynamodb_table_item.settings]
}
