# The WebSocket API: what `websocket` makes, what it may reach, and that nothing is made without it.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Any file will do: nothing is uploaded.
variables {
  package   = { function_zip = "./versions.tf", layer_zip = "./versions.tf" }
  api       = { auth = "AUTHORIZER" }
  websocket = {}
}

run "without_the_switch_nothing_is_made" {
  command = plan

  variables {
    websocket = null
  }

  assert {
    condition = (
      length(aws_apigatewayv2_api.websocket) + length(aws_apigatewayv2_stage.websocket) + length(aws_apigatewayv2_route.websocket) == 0
      && length(aws_iam_role_policy.push) + length(aws_lambda_permission.websocket) == 0
      && length(setintersection(keys(aws_lambda_function.this), ["websocket", "push_outcome"])) == 0
      && !contains(keys(aws_cloudwatch_metric_alarm.this), "websocket-errors")
      && output.websocket == null
    )
    error_message = "An entry point that nobody asked for is one to guard."
  }

  assert {
    condition     = !contains(keys(aws_lambda_function.this["invoke_model"].environment[0].variables), "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI")
    error_message = "Without a listener invoke_model neither streams nor pushes, and pays for no look."
  }
}

run "only_a_key_opens_a_connection_and_only_this_api_is_pushed_to" {
  command = plan

  # Only a key opens a connection.
  assert {
    condition     = toset(keys(aws_apigatewayv2_route.websocket)) == toset(["$connect", "$disconnect", "$default", "ask", "cancel"])
    error_message = "Frames of every kind are answered."
  }

  assert {
    condition = (
      aws_apigatewayv2_route.websocket["$connect"].authorization_type == "CUSTOM"
      && aws_apigatewayv2_authorizer.websocket[0].authorizer_type == "REQUEST"
      && aws_apigatewayv2_authorizer.websocket[0].identity_sources == toset(["route.request.header.Host"])
    )
    error_message = "A browser has its key in another header than other clients: a header that each of them sends lets the function look."
  }

  assert {
    condition = { for name, permission in aws_lambda_permission.websocket : name => permission.source_arn } == {
      authorize = "arn:aws:execute-api:eu-central-1:123456789012:sockets/authorizers/*"
      websocket = "arn:aws:execute-api:eu-central-1:123456789012:sockets/*/*"
    }
    error_message = "This gateway alone calls them."
  }

  # What pushes reaches connections of this API alone.
  assert {
    condition = alltrue(flatten([
      for document in concat(values(data.aws_iam_policy_document.push), data.aws_iam_policy_document.websocket) : [
        for statement in document.statement : statement.resources == toset(["arn:aws:execute-api:eu-central-1:123456789012:sockets/v1/POST/@connections/*"])
        if contains(statement.actions, "execute-api:ManageConnections")
      ]
    ]))
    error_message = "POST to its own connections: no other API, nobody's disconnection."
  }

  assert {
    condition = alltrue([
      for name in ["websocket", "push_outcome", "invoke_model"] :
      aws_lambda_function.this[name].environment[0].variables.AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI == "https://sockets.execute-api.eu-central-1.amazonaws.com/v1"
      ]) && !contains(keys(aws_lambda_function.this["converse"].environment[0].variables), "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI") && alltrue([
      for name in ["websocket", "push_outcome"] : length(coalesce(aws_lambda_function.this[name].layers, [])) == 0
    ])
    error_message = "The functions that push know where; others do not, and only those that call models pay for the SDKs' layer."
  }

  assert {
    condition     = one(aws_dynamodb_table.control[0].ttl).attribute_name == "expires_at" && one(aws_dynamodb_table.control[0].ttl).enabled
    error_message = "A connection whose end was lost expires."
  }
}

run "frames_are_limited_and_logged_without_their_text" {
  command = plan

  variables {
    websocket = { throttle = { rate_limit = 5, burst_limit = 7 } }
  }

  assert {
    condition = (
      one(aws_apigatewayv2_stage.websocket[0].default_route_settings).throttling_rate_limit == 5
      && one(aws_apigatewayv2_stage.websocket[0].default_route_settings).throttling_burst_limit == 7
      && !one(aws_apigatewayv2_stage.websocket[0].default_route_settings).data_trace_enabled
      && one(aws_apigatewayv2_stage.websocket[0].default_route_settings).logging_level == "ERROR"
    )
    error_message = "Traces of frames would be texts of prompts in a log."
  }

  assert {
    condition     = alltrue([for group in concat(aws_cloudwatch_log_group.websocket_access, aws_cloudwatch_log_group.websocket_execution) : group.retention_in_days == 365 && group.kms_key_id != null])
    error_message = "Its logs are encrypted, and kept for a year."
  }

  assert {
    condition     = aws_lambda_function_event_invoke_config.push_outcome[0].maximum_retry_attempts == 1 && aws_lambda_function.this["push_outcome"].timeout == 900
    error_message = "The end of a run is waited for as long as a function may wait, and once more if it dies."
  }
}

run "it_needs_the_keys_of_the_http_api" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    api = null
  }

  expect_failures = [var.websocket]
}

run "other_proofs_than_keys_are_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    api = { auth = "IAM", tenants = { "arn:aws:iam::123456789012:role/web" = "acme" } }
  }

  expect_failures = [var.websocket]
}

run "a_limit_that_refuses_every_connection_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    websocket = { throttle = { rate_limit = 0 } }
  }

  expect_failures = [var.websocket]
}
