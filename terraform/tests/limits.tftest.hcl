# AWS's limits that inputs can exceed: a plan must say so, before half of a deployment is there.
# Not here: the composite alarm (alarms), the settings of many tenants (tenants).

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Any file will do: nothing is uploaded.
variables {
  package = { function_zip = "./versions.tf", layer_zip = "./versions.tf" }
}

run "the_longest_name_fits_every_resource" {
  command = plan

  variables {
    name      = "a-name-of-thirty-two-characters1"
    api       = { auth = "AUTHORIZER" }
    queue     = {}
    batch     = {}
    bedrock   = { application_profiles = true }
    functions = { provisioned_concurrency = { invoke_model = { min = 1, max = 2, business_hours = { min = 2 } } } }
    tenants   = { (format("%064d", 0)) = { budget = { day_usd = 1 } } }
  }

  assert {
    condition = alltrue([
      for name in concat(
        [for role in concat(values(aws_iam_role.function), values(aws_iam_role.state_machine), aws_iam_role.api_logs) : role.name],
        [for function in aws_lambda_function.this : function.function_name],
        [for rule in concat([aws_cloudwatch_event_rule.sweep, aws_cloudwatch_event_rule.execution_ended_badly], aws_cloudwatch_event_rule.api_key_changed) : rule.name],
        [aws_cloudwatch_event_connection.openai[0].name, aws_cloudwatch_event_api_destination.openai.name],
        [for profile in aws_bedrock_inference_profile.this : profile.name],
      ) : length(name) <= 64
    ])
    error_message = "Roles, functions, rules, connections and inference profiles have names of up to 64 characters."
  }

  assert {
    condition = alltrue([
      for name in concat(
        [aws_sfn_state_machine.this["workflow"].name, aws_sfn_state_machine.this["batch"].name],
        [for queue in concat([aws_sqs_queue.failures], aws_sqs_queue.requests, aws_sqs_queue.requests_dead) : queue.name],
      ) : length(name) <= 80
    ])
    error_message = "State machines and queues have names of up to 80 characters."
  }

  assert {
    condition     = length(aws_s3_bucket.answers.bucket_prefix) <= 37
    error_message = "A bucket's name has 63 characters, 26 of which Terraform appends."
  }

  assert {
    condition = alltrue([
      for name in concat(
        [for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name],
        [for policy in aws_appautoscaling_policy.this : policy.name], [for action in aws_appautoscaling_scheduled_action.this : action.name],
      ) : length(name) <= 255
    ])
    error_message = "Alarms and scaling policies have names of up to 255 characters."
  }
}

run "two_models_whose_ids_differ_at_their_end_have_two_profiles" {
  command = plan

  variables {
    name    = "a-name-of-thirty-two-characters1"
    bedrock = { application_profiles = true }
    models = {
      for place, tier in ["SIMPLE", "CALCULATION", "COMPLEX"] : tier => { model = "anthropic.claude-of-a-very-long-name-20261130-v${place}:0" }
    }
  }

  assert {
    condition     = length(distinct([for profile in aws_bedrock_inference_profile.this : profile.name])) == length(aws_bedrock_inference_profile.this)
    error_message = "A name that is cut must not be another profile's."
  }
}

run "more_models_than_a_role_can_name_are_refused" {
  command = plan

  variables {
    bedrock = { foundation_models = [for number in range(120) : "anthropic.claude-number-${number}-20261130-v1:0"] }
  }

  expect_failures = [aws_iam_role_policy.invoke_model]
}

run "so_are_more_behind_the_classifiers_profile" {
  command = plan

  variables {
    bedrock  = { foundation_models = [for number in range(120) : "anthropic.claude-number-${number}-20261130-v1:0"] }
    analyzer = { model = "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/abcdefghijkl" }
  }

  expect_failures = [aws_iam_role_policy.invoke_model, aws_iam_role_policy.analyze]
}

run "as_many_models_as_can_be_named_fit_a_role" {
  command = plan

  variables {
    models = {
      for tier in ["SIMPLE", "CALCULATION", "COMPLEX"] : tier => {
        model     = "anthropic.claude-of-a-long-name-for-${lower(tier)}-20261130-v1:0"
        fallbacks = [for number in range(4) : { model = "anthropic.claude-of-a-long-name-${lower(tier)}-${number}-20261130-v1:0" }]
      }
    }
  }

  assert {
    condition     = local.policy_characters.invoke_model <= 10240
    error_message = "Three tiers of five models are allowed, so they must fit."
  }
}

run "more_of_a_vpc_than_lambda_takes_is_refused" {
  command = plan

  variables {
    functions = { vpc = { subnet_ids = ["subnet-1"], security_group_ids = [for number in range(6) : "sg-${number}"] } }
  }

  expect_failures = [var.functions]
}

run "more_tags_than_aws_takes_are_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    tags   = { for number in range(48) : "tag-${number}" => "" }
    alarms = { topic_arns = [for number in range(6) : "arn:aws:sns:eu-central-1:123456789012:topic-${number}"] }
  }

  expect_failures = [var.tags, var.alarms]
}

run "more_shares_of_a_budget_than_have_alarms_are_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    alarms = { thresholds = { budget_percent = range(11) } }
  }

  expect_failures = [var.alarms]
}

run "no_function_has_more_layers_than_lambda_takes" {
  command = plan

  assert {
    condition     = alltrue([for function in aws_lambda_function.this : length(coalesce(function.layers, [])) <= 5])
    error_message = "Lambda takes five layers."
  }
}

run "logs_of_state_machines_share_one_resource_policy" {
  command = plan

  variables {
    batch     = {}
    workflows = { variants = {} }
  }

  # Log delivery adds each other group to a policy of the account, which AWS limits to 5,120 characters.
  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.state_machine : startswith(group.name, "/aws/vendedlogs/")])
    error_message = "A state machine's log group is outside /aws/vendedlogs/."
  }
}

run "an_environment_beyond_4_kb_is_refused" {
  command = plan

  variables {
    api = { auth = "AUTHORIZER", cors = { allow_origins = [for number in range(100) : "https://application-${number}.department.example.com"] } }
  }

  expect_failures = [aws_lambda_function.this]
}

run "more_keys_than_a_region_has_usage_plans_warn" {
  command = plan

  variables {
    api = { auth = "API_KEY", keys = { for number in range(301) : "key-${number}" => { tenant = "tenant-${number}" } } }
  }

  expect_failures = [check.keys_fit_the_usage_plans]
}
