# The queue as an entry point: what `queue` makes, and that nothing is made without it.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Any file will do: nothing is uploaded.
variables {
  package = { function_zip = "./versions.tf", layer_zip = "./versions.tf" }
  queue   = {}
}

run "without_the_switch_nothing_is_made" {
  command = plan

  variables {
    queue = null
  }

  assert {
    condition = (
      length(aws_sqs_queue.requests) + length(aws_sqs_queue.requests_dead) + length(aws_lambda_event_source_mapping.requests) == 0
      && !contains(keys(aws_lambda_function.this), "ingest")
      && length([for name in keys(aws_cloudwatch_metric_alarm.this) : name if startswith(name, "queue-")]) == 0
      && output.queue == null
    )
    error_message = "An entry point that nobody asked for is one to guard."
  }
}

run "queues_are_encrypted_and_give_messages_up_in_the_end" {
  command = plan

  # Messages wait long enough and are given up after three deliveries.
  assert {
    condition = (
      aws_sqs_queue.requests[0].visibility_timeout_seconds == 300
      && aws_sqs_queue.requests[0].visibility_timeout_seconds >= 6 * aws_lambda_function.this["ingest"].timeout
      && aws_sqs_queue.requests[0].message_retention_seconds == 1209600
      && aws_sqs_queue.requests[0].receive_wait_time_seconds == 20
      && aws_sqs_queue.requests_dead[0].message_retention_seconds == 1209600
    )
    error_message = "Six times the function's time-out, 14 days, and long polling."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue.requests[0].redrive_policy).maxReceiveCount == 3
    error_message = "router.ingress.queue.ingest.LAST_TRY is the same number."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue.requests_dead[0].redrive_allow_policy) == { redrivePermission = "byQueue", sourceQueueArns = ["arn:aws:sqs:eu-central-1:123456789012:faregate-requests"] }
    error_message = "No other queue may use the dead-letter queue."
  }

  # Queues are encrypted.
  assert {
    condition = alltrue([
      for queue in concat(aws_sqs_queue.requests, aws_sqs_queue.requests_dead) :
      queue.kms_master_key_id == aws_kms_key.this[0].arn
    ])
    error_message = "Messages are prompts."
  }

  # Ingest may start this machine and use its two queues.
  assert {
    condition = jsonencode({
      for statement in data.aws_iam_policy_document.ingest[0].statement : statement.sid => sort(tolist(statement.actions))
      }) == jsonencode({
      ReceiveRequests          = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
      PutBackOrAside           = ["sqs:SendMessage"]
      StartExecutions          = ["states:StartExecution"]
      CompareWithTheEarlierRun = ["states:DescribeExecution"]
      LookAtTenantsRates       = ["dynamodb:GetItem"]
    })
    error_message = "Nothing beyond what starting a message takes."
  }

  assert {
    condition     = !anytrue([for statement in data.aws_iam_policy_document.ingest[0].statement : contains(statement.resources, "*")])
    error_message = "Each statement names its resources."
  }

  assert {
    condition = contains(flatten([
      for statement in data.aws_iam_policy_document.function_runtime["ingest"].statement :
      statement.condition[*].values if statement.sid == "UseTheKeyThroughServices"
    ]), "dynamodb.eu-central-1.amazonaws.com")
    error_message = "The table of rates is encrypted: who reads it decrypts."
  }

  assert {
    condition     = !anytrue([for statement in data.aws_iam_policy_document.function_runtime["ingest"].statement : statement.sid == "PutFailuresAside"])
    error_message = "What ingest cannot do stays in its own queue; the failures queue is not its business."
  }
}

run "one_bad_message_does_not_send_its_batch_again" {
  command = plan

  variables {
    queue = { maximum_concurrency = 7 }
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.requests[0].function_response_types == toset(["ReportBatchItemFailures"])
      && one(aws_lambda_event_source_mapping.requests[0].scaling_config).maximum_concurrency == 7
    )
    error_message = "Failures are told message by message, and the knob is the mapping's."
  }
}

run "ingest_knows_the_rates_of_tenants_and_nothing_else_of_them" {
  command = plan

  variables {
    tenants = {
      hasty  = { rate = { requests = 2 } }
      frugal = { budget = { day_usd = 1 } }
    }
  }

  assert {
    condition     = jsondecode(local.settings["ingest"].TENANT_RATES) == { hasty = { rate = { requests = 2 } } }
    error_message = "A change of anything else must leave the function as it is."
  }
}

run "alarms_tell_of_dead_letters_of_age_and_of_what_is_put_back" {
  command = plan

  variables {
    queue = { alarm_age_seconds = 120 }
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["queue-age"].threshold == 120
    error_message = "The age is a setting."
  }

  assert {
    condition = toset([for name in keys(aws_cloudwatch_metric_alarm.this) : name if startswith(name, "queue-")]) == toset([
      "queue-age", "queue-dead-letters", "queue-put-back",
    ])
    error_message = "The runbook has a section for each of the three."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["queue-dead-letters"].dimensions == tomap({ QueueName = aws_sqs_queue.requests_dead[0].name })
    error_message = "It is the dead-letter queue that must be empty."
  }
}

run "numbers_that_lambda_does_not_take_are_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    queue = { maximum_concurrency = 1 }
  }

  expect_failures = [var.queue]
}
