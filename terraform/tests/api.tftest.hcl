# The HTTP API: nothing without its switch, and for each way to prove who calls what belongs to it and no more.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Any file will do: nothing is uploaded.
variables {
  package = { function_zip = "./versions.tf", layer_zip = "./versions.tf" }
}

run "without_the_switch_there_is_no_door" {
  command = plan

  assert {
    condition = (
      length(aws_api_gateway_rest_api.this) + length(aws_api_gateway_account.this) == 0
      && length(setintersection(keys(aws_lambda_function.this), ["api", "converse", "authorize"])) == 0 && output.api == null
    )
    error_message = "The API exists only if it is asked for."
  }
}

run "bearer_keys_are_checked_before_the_api" {
  command = plan

  variables {
    api = { auth = "AUTHORIZER", key_cache_seconds = 30 }
  }

  assert {
    condition = {
      for path, operations in jsondecode(one(aws_api_gateway_rest_api.this).body).paths : path => join(" ", distinct(flatten([for operation in operations : keys(one(operation.security))])))
      } == merge(
      { for path in ["/prompts", "/prompts/{id}", "/prompts/{id}/feedback", "/uploads", "/usage", "/workflows/{id}", "/chat/completions", "/responses"] : path => "AUTHORIZER" },
      { for path in ["/messages", "/messages/count_tokens", "/models", "/models/{id}"] : path => "EITHER_KEY" },
    )
    error_message = "No path may be open to whom the authorizer did not let in."
  }

  assert {
    condition = jsondecode(one(aws_api_gateway_rest_api.this).body).components.securitySchemes.AUTHORIZER == {
      type                         = "apiKey"
      name                         = "Authorization"
      in                           = "header"
      x-amazon-apigateway-authtype = "custom"
      x-amazon-apigateway-authorizer = {
        type                         = "token"
        authorizerUri                = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:123456789012:function:faregate-authorize/invocations"
        authorizerResultTtlInSeconds = 30
        identityValidationExpression = "[Bb]earer sk-fg-[0-9A-Za-z_-]{43}"
      }
    }
    error_message = "A revoked key is known no longer than asked for."
  }

  assert {
    condition     = jsondecode(one(aws_api_gateway_rest_api.this).body).components.securitySchemes.EITHER_KEY["x-amazon-apigateway-authorizer"].authorizerResultTtlInSeconds == 0 && !contains(keys(jsondecode(one(aws_api_gateway_rest_api.this).body).components.securitySchemes.EITHER_KEY["x-amazon-apigateway-authorizer"]), "identitySource")
    error_message = "A header that must be there would shut out clients that send the other."
  }

  assert {
    condition = alltrue(flatten([
      for operations in values(jsondecode(one(aws_api_gateway_rest_api.this).body).paths) : [for operation in operations : !contains(keys(operation), "requestBody")]
    ])) && !strcontains(one(aws_api_gateway_rest_api.this).body, "request-validator")
    error_message = "The function says what is wrong with a body; the gateway would say one text for everything."
  }

  assert {
    condition     = aws_lambda_permission.api["authorize"].source_arn == "arn:aws:execute-api:eu-central-1:123456789012:made/authorizers/*" && alltrue([for name in ["api", "converse"] : aws_lambda_permission.api[name].source_arn == "arn:aws:execute-api:eu-central-1:123456789012:made/*/*"])
    error_message = "Only this gateway may call the functions, each in its place."
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.api[0].statement : statement.sid => {
        actions = toset(statement.actions), resources = toset(statement.resources)
      }
      } == {
      StartRequests            = { actions = toset(["states:StartExecution"]), resources = toset(["arn:aws:states:eu-central-1:123456789012:stateMachine:faregate"]) }
      LookAtRuns               = { actions = toset(["states:DescribeExecution"]), resources = toset(["arn:aws:states:eu-central-1:123456789012:execution:faregate:*"]) }
      ReadRequestsAndJudgeThem = { actions = toset(["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"]), resources = toset([aws_dynamodb_table.usage[0].arn]) }
      FindStepsOfWorkflows     = { actions = toset(["dynamodb:Query"]), resources = toset(["${aws_dynamodb_table.usage[0].arn}/index/by-parent"]) }
      ReadSumsAndCountVerdicts = { actions = toset(["dynamodb:Query", "dynamodb:UpdateItem"]), resources = toset([aws_dynamodb_table.spend[0].arn]) }
      KeepLargeRequests        = { actions = toset(["s3:PutObject"]), resources = toset(["arn:aws:s3:::made-answers-1/requests/*"]) }
      SeeWhatIsLeft            = { actions = toset(["dynamodb:BatchGetItem"]), resources = toset([aws_dynamodb_table.control[0].arn]) }
      SignUploads              = { actions = toset(["s3:PutObject"]), resources = toset(["arn:aws:s3:::made-answers-1/uploads/*"]) }
      ReadLargeAnswers         = { actions = toset(["s3:GetObject"]), resources = toset(["arn:aws:s3:::made-answers-1/answers/*"]) }
      SeeWhatIsMissing         = { actions = toset(["s3:ListBucket"]), resources = toset(["arn:aws:s3:::made-answers-1"]) }
    }
    error_message = "The API starts, reads and notes; a new right belongs here with its reason."
  }

  assert {
    condition     = one(one(data.aws_iam_policy_document.authorize[0].statement).condition).values == tolist(["apikey#*"])
    error_message = "Who checks keys must not read budgets and breakers."
  }

  assert {
    condition     = alltrue([for name in ["api", "authorize"] : length(coalesce(aws_lambda_function.this[name].layers, [])) == 0])
    error_message = "The provider SDKs are not a part of the API."
  }
}

run "what_a_model_writes_is_streamed_for_as_long_as_it_takes" {
  command = plan

  variables {
    api = { auth = "AUTHORIZER", max_concurrent = 7 }
  }

  assert {
    condition = {
      for path, operations in jsondecode(one(aws_api_gateway_rest_api.this).body).paths : path => join(" ", distinct([
        for operation in operations : lookup(operation["x-amazon-apigateway-integration"], "responseTransferMode", "BUFFERED")
      ]))
      } == merge(
      { for path in ["/prompts", "/prompts/{id}", "/prompts/{id}/feedback", "/uploads", "/usage", "/workflows/{id}"] : path => "BUFFERED" },
      { for path in ["/chat/completions", "/responses", "/messages", "/messages/count_tokens", "/models", "/models/{id}"] : path => "STREAM" },
    )
    error_message = "The protocols stream; a workflow's outcome comes whole."
  }

  assert {
    condition = jsondecode(one(aws_api_gateway_rest_api.this).body).paths["/chat/completions"].post["x-amazon-apigateway-integration"] == {
      type                 = "aws_proxy"
      httpMethod           = "POST"
      uri                  = "arn:aws:apigateway:eu-central-1:lambda:path/2021-11-15/functions/arn:aws:lambda:eu-central-1:123456789012:function:faregate-converse/response-streaming-invocations"
      responseTransferMode = "STREAM"
      timeoutInMillis      = 900000
    }
    error_message = "API Gateway streams through this URI alone, for as long as the function runs."
  }

  assert {
    condition = jsondecode(one(aws_api_gateway_rest_api.this).body).paths["/prompts"].post["x-amazon-apigateway-integration"] == {
      type            = "aws_proxy"
      httpMethod      = "POST"
      uri             = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:123456789012:function:faregate-api/invocations"
      timeoutInMillis = 29000
    }
    error_message = "A buffered answer has 29 s."
  }

  assert {
    condition = {
      for parameter in jsondecode(one(aws_api_gateway_rest_api.this).body).paths["/prompts/{id}"].get.parameters : parameter.name => { in = parameter.in, required = parameter.required }
    } == { id = { in = "path", required = true } }
    error_message = "The gateway knows the document's parameters."
  }

  assert {
    condition     = aws_lambda_function.this["converse"].reserved_concurrent_executions == 7 && aws_lambda_function.this["api"].reserved_concurrent_executions == -1
    error_message = "No more answers are under way at once than asked for."
  }

  assert {
    condition     = aws_lambda_function.this["converse"].environment[0].variables["AWS_LAMBDA_EXEC_WRAPPER"] == "/var/task/router/lambda_stream/start.sh" && length(aws_lambda_function.this["converse"].layers) == 1 && aws_lambda_function.this["converse"].timeout == 900
    error_message = "Without our loop nothing streams, and without the SDKs two providers cannot be called."
  }

  assert {
    condition     = one(aws_api_gateway_deployment.document).triggers == tomap({ document = sha256(one(aws_api_gateway_rest_api.this).body) })
    error_message = "Whatever changes in the document is deployed, and nothing else makes a deployment."
  }
}

run "no_answer_at_a_time_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    api = { auth = "AUTHORIZER", max_concurrent = 0 }
  }

  expect_failures = [var.api]
}

run "two_limits_of_one_function_are_refused" {
  command = plan

  variables {
    api       = { auth = "AUTHORIZER", max_concurrent = 5 }
    functions = { reserved_concurrency = { converse = 5 } }
  }

  expect_failures = [var.api]
}

run "the_stage_is_logged_traced_and_limited_without_text" {
  command = plan

  variables {
    api = { auth = "AUTHORIZER", throttle = { rate_limit = 5, burst_limit = 7 } }
  }

  assert {
    condition     = one(aws_api_gateway_stage.this).xray_tracing_enabled && length(one(aws_api_gateway_stage.this).access_log_settings) == 1
    error_message = "Each call is traced and leaves a line."
  }

  assert {
    condition = toset(keys(jsondecode(one(one(aws_api_gateway_stage.this).access_log_settings).format))) == toset([
      "api_key_id", "bearer_key_id", "error", "integration_code", "latency_ms", "method", "request_id", "resource", "response_bytes",
      "status", "tenant", "time", "user_arn", "user_sub", "xray_trace_id",
    ])
    error_message = "A line says who called what, when, how it ended and how long it took; a new field belongs here with its reason."
  }

  assert {
    condition = length(setintersection(
      [for value in values(jsondecode(one(one(aws_api_gateway_stage.this).access_log_settings).format)) : trimprefix(value, "$context.")],
      ["path", "requestOverride.path", "error.message", "error.messageString", "error.validationErrorString", "identity.apiKey", "authorizer.claims"],
    )) == 0
    error_message = "A path holds ids, and the gateway's own words may quote a body or a key."
  }

  assert {
    condition = alltrue([
      for settings in one(aws_api_gateway_method_settings.this).settings :
      !settings.data_trace_enabled && settings.logging_level == "ERROR" && settings.throttling_rate_limit == 5 && settings.throttling_burst_limit == 7
    ])
    error_message = "Data tracing writes prompts to the log; without limits one caller takes it all."
  }

  assert {
    condition = aws_cloudwatch_metric_alarm.this["api-errors"].threshold == 10 && aws_cloudwatch_metric_alarm.this["api-errors"].dimensions == tomap({
      ApiName = "faregate", Stage = "v1"
    })
    error_message = "An API that fails must notify somebody."
  }

  assert {
    condition     = one(aws_cloudwatch_log_group.api_access).kms_key_id == aws_kms_key.this[0].arn && one(aws_cloudwatch_log_group.api_execution).kms_key_id == aws_kms_key.this[0].arn && one(aws_cloudwatch_log_group.api_execution).name == "API-Gateway-Execution-Logs_made/v1"
    error_message = "Both logs belong under the key, and the gateway finds its own by name."
  }
}

run "with_an_authorizer_a_caller_is_told_when_to_come_again_and_no_page_may_call" {
  command = plan

  variables {
    api = { auth = "AUTHORIZER" }
  }

  # Every error of the gateway has the one shape.
  assert {
    condition = alltrue([
      for response in jsondecode(one(aws_api_gateway_rest_api.this).body)["x-amazon-apigateway-gateway-responses"] :
      toset(keys(jsondecode(response.responseTemplates["application/json"]).error)) == toset(["type", "message", "request_id"])
    ])
    error_message = "A caller reads one shape of error, whoever refused it."
  }

  # Of the two defaults the status is that of what happened.
  assert {
    condition = {
      for type, response in jsondecode(one(aws_api_gateway_rest_api.this).body)["x-amazon-apigateway-gateway-responses"] :
      type => "${lookup(response, "statusCode", "own")} ${jsondecode(response.responseTemplates["application/json"]).error.type}"
      } == {
      DEFAULT_4XX                    = "own Refused"
      DEFAULT_5XX                    = "own InternalError"
      ACCESS_DENIED                  = "403 Forbidden"
      API_CONFIGURATION_ERROR        = "429 RateLimited"
      AUTHORIZER_CONFIGURATION_ERROR = "503 Busy"
      AUTHORIZER_FAILURE             = "503 Busy"
      EXPIRED_TOKEN                  = "401 Unauthorized"
      INTEGRATION_FAILURE            = "502 InternalError"
      INTEGRATION_TIMEOUT            = "504 NotAnsweredYet"
      INVALID_API_KEY                = "401 Unauthorized"
      INVALID_SIGNATURE              = "401 Unauthorized"
      MISSING_AUTHENTICATION_TOKEN   = "404 NotFound"
      QUOTA_EXCEEDED                 = "429 QuotaExceeded"
      REQUEST_TOO_LARGE              = "413 RequestTooLarge"
      RESOURCE_NOT_FOUND             = "404 NotFound"
      THROTTLED                      = "429 RateLimited"
      UNAUTHORIZED                   = "401 Unauthorized"
    }
    error_message = "Each refusal has the status that HTTP has for it."
  }

  assert {
    condition = alltrue([
      for response in jsondecode(one(aws_api_gateway_rest_api.this).body)["x-amazon-apigateway-gateway-responses"] :
      !strcontains(response.responseTemplates["application/json"], "$context.error")
    ])
    error_message = "The gateway's own words may quote the body."
  }

  # A caller is told when to come again and never to pay twice.
  assert {
    condition = {
      for type, response in jsondecode(one(aws_api_gateway_rest_api.this).body)["x-amazon-apigateway-gateway-responses"] : type => tomap(response.responseParameters)
      if length(response.responseParameters) > 0
      } == {
      API_CONFIGURATION_ERROR        = tomap({ "gatewayresponse.header.retry-after" = "'1'" })
      AUTHORIZER_CONFIGURATION_ERROR = tomap({ "gatewayresponse.header.retry-after" = "'1'" })
      AUTHORIZER_FAILURE             = tomap({ "gatewayresponse.header.retry-after" = "'1'" })
      THROTTLED                      = tomap({ "gatewayresponse.header.retry-after" = "'1'" })
      QUOTA_EXCEEDED                 = tomap({ "gatewayresponse.header.retry-after" = "'3600'", "gatewayresponse.header.x-should-retry" = "'false'" })
      DEFAULT_5XX                    = tomap({ "gatewayresponse.header.x-should-retry" = "'false'" })
      INTEGRATION_FAILURE            = tomap({ "gatewayresponse.header.x-should-retry" = "'false'" })
      INTEGRATION_TIMEOUT            = tomap({ "gatewayresponse.header.x-should-retry" = "'false'" })
    }
    error_message = "OpenAI's client sends again by itself, unless it is told not to."
  }

  # Without CORS no page may call.
  assert {
    condition     = alltrue([for operations in values(jsondecode(one(aws_api_gateway_rest_api.this).body).paths) : !contains(keys(operations), "options")])
    error_message = "An OPTIONS method would be open to all."
  }

  assert {
    condition = alltrue([
      for response in jsondecode(one(aws_api_gateway_rest_api.this).body)["x-amazon-apigateway-gateway-responses"] :
      alltrue([for name in keys(response.responseParameters) : !strcontains(name, "access-control")])
    ])
    error_message = "No answer may name an origin."
  }

  assert {
    condition     = !contains(keys(aws_lambda_function.this["api"].environment[0].variables), "API_CORS") && length(aws_s3_bucket_cors_configuration.answers) == 0
    error_message = "The function names no origin either, nor does the bucket of uploads."
  }
}

run "each_api_key_has_a_plan_and_a_tenant_of_its_own" {
  command = plan

  variables {
    api = {
      auth = "API_KEY"
      keys = {
        web = { tenant = "acme" }
        job = { tenant = "labs", rate_limit = 1, burst_limit = 2, quota = { limit = 100, period = "DAY" } }
      }
    }
  }

  override_resource {
    target          = aws_api_gateway_api_key.caller["web"]
    override_during = plan
    values          = { id = "key-web" }
  }

  override_resource {
    target          = aws_api_gateway_api_key.caller["job"]
    override_during = plan
    values          = { id = "key-job" }
  }

  assert {
    condition = (
      join(" ", distinct(flatten([for operations in values(jsondecode(one(aws_api_gateway_rest_api.this).body).paths) : [for operation in operations : keys(one(operation.security))]]))) == "API_KEY"
      && jsondecode(one(aws_api_gateway_rest_api.this).body).components.securitySchemes == { API_KEY = { type = "apiKey", name = "x-api-key", in = "header" } }
    )
    error_message = "Every path asks for a key."
  }

  assert {
    condition     = one(aws_api_gateway_usage_plan.caller["job"].quota_settings).limit == 100 && one(aws_api_gateway_usage_plan.caller["job"].throttle_settings).rate_limit == 1
    error_message = "A key's limits are its own."
  }

  assert {
    condition     = jsondecode(local.settings["api"].API_CALLERS).tenants == { "key-web" = "acme", "key-job" = "labs" }
    error_message = "The key's id says whose a request is."
  }

  assert {
    condition     = !contains(keys(aws_lambda_function.this), "authorize")
    error_message = "API Gateway checks its own keys."
  }
}

run "a_user_pool_is_asked_by_the_gateway" {
  command = plan

  variables {
    api = { auth = "COGNITO", user_pool_arns = ["arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_abc"] }
  }

  assert {
    condition = (
      join(" ", distinct(flatten([for operations in values(jsondecode(one(aws_api_gateway_rest_api.this).body).paths) : [for operation in operations : keys(one(operation.security))]]))) == "COGNITO"
      && jsondecode(one(aws_api_gateway_rest_api.this).body).components.securitySchemes.COGNITO["x-amazon-apigateway-authorizer"] == {
        type = "cognito_user_pools", providerARNs = ["arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_abc"]
      }
    )
    error_message = "Tokens of the pool, and no others, open every path."
  }
}

run "iam_signs_every_path" {
  command = plan

  variables {
    api = { auth = "IAM", tenants = { "arn:aws:iam::123456789012:role/web" = "acme" }, account_logging = false }
  }

  assert {
    condition = (
      join(" ", distinct(flatten([for operations in values(jsondecode(one(aws_api_gateway_rest_api.this).body).paths) : [for operation in operations : keys(one(operation.security))]]))) == "IAM"
      && jsondecode(one(aws_api_gateway_rest_api.this).body).components.securitySchemes.IAM["x-amazon-apigateway-authtype"] == "awsSigv4"
    )
    error_message = "Every path asks for a signature."
  }

  assert {
    condition     = jsondecode(one(aws_api_gateway_rest_api.this).body)["x-amazon-apigateway-gateway-responses"].MISSING_AUTHENTICATION_TOKEN.statusCode == "401"
    error_message = "With IAM that response means no signature; elsewhere no path."
  }

  assert {
    condition     = length(aws_api_gateway_account.this) == 0
    error_message = "The account's logging role may be another stack's."
  }
}

run "a_door_that_could_not_work_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    api      = { auth = "AUTHORIZER" }
    workflow = { type = "EXPRESS" }
  }

  expect_failures = [var.api]
}

run "iam_without_a_tenant_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    api = { auth = "IAM" }
  }

  expect_failures = [var.api]
}

run "api_keys_without_keys_are_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    api = { auth = "API_KEY" }
  }

  expect_failures = [var.api]
}

run "cognito_without_a_pool_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    api = { auth = "COGNITO" }
  }

  expect_failures = [var.api]
}

run "one_origin_is_named_by_the_gateway_itself" {
  command = plan

  variables {
    api = { auth = "API_KEY", keys = { web = { tenant = "acme" } }, cors = { allow_origins = ["https://app.example.com"], allow_credentials = true } }
  }

  assert {
    condition     = alltrue([for operations in values(jsondecode(one(aws_api_gateway_rest_api.this).body).paths) : contains(keys(operations), "options")])
    error_message = "A browser asks before it calls, on every path."
  }

  assert {
    condition = alltrue([
      for operations in values(jsondecode(one(aws_api_gateway_rest_api.this).body).paths) :
      length(operations.options.security) == 0 && operations.options["x-amazon-apigateway-integration"].type == "mock"
    ])
    error_message = "A preflight carries no credentials, and costs no function."
  }

  assert {
    condition = jsondecode(one(aws_api_gateway_rest_api.this).body).paths["/prompts/{id}"].options["x-amazon-apigateway-integration"].responses.default.responseParameters == {
      "method.response.header.access-control-allow-origin"      = "'https://app.example.com'"
      "method.response.header.access-control-allow-methods"     = "'GET'"
      "method.response.header.access-control-allow-headers"     = "'authorization,content-type,idempotency-key,x-amz-content-sha256,x-amz-date,x-amz-security-token,x-api-key,*'"
      "method.response.header.access-control-allow-credentials" = "'true'"
      "method.response.header.access-control-max-age"           = "'3600'"
    }
    error_message = "The permission names the origin, the path's methods, and every header that proves an identity."
  }

  assert {
    condition = alltrue([
      for operations in values(jsondecode(one(aws_api_gateway_rest_api.this).body).paths) : length(setsubtract(
        [for name in keys(operations.options["x-amazon-apigateway-integration"].responses.default.responseParameters) : trimprefix(name, "method.response.header.")],
        keys(operations.options.responses["204"].headers),
      )) == 0
    ])
    error_message = "API Gateway maps no header that the method does not declare."
  }

  assert {
    condition = alltrue([
      for response in jsondecode(one(aws_api_gateway_rest_api.this).body)["x-amazon-apigateway-gateway-responses"] :
      response.responseParameters["gatewayresponse.header.access-control-allow-origin"] == "'https://app.example.com'"
      && response.responseParameters["gatewayresponse.header.access-control-allow-credentials"] == "'true'"
    ])
    error_message = "A browser hides an error that names no origin from its page."
  }

  assert {
    condition     = jsondecode(one(aws_api_gateway_rest_api.this).body)["x-amazon-apigateway-gateway-responses"].THROTTLED.responseParameters["gatewayresponse.header.retry-after"] == "'1'" && strcontains(jsondecode(one(aws_api_gateway_rest_api.this).body)["x-amazon-apigateway-gateway-responses"].THROTTLED.responseParameters["gatewayresponse.header.access-control-expose-headers"], "retry-after")
    error_message = "A page that is throttled must read for how long."
  }
}

run "of_several_origins_each_is_told_its_own" {
  command = plan

  variables {
    api = { auth = "AUTHORIZER", cors = { allow_origins = ["https://a.example", "http://localhost:3000"], max_age_seconds = 60 } }
  }

  assert {
    condition = alltrue([
      for response in [for operations in values(jsondecode(one(aws_api_gateway_rest_api.this).body).paths) : operations.options["x-amazon-apigateway-integration"].responses.default] :
      response.responseParameters["method.response.header.vary"] == "'origin'"
      && response.responseParameters["method.response.header.access-control-max-age"] == "'60'"
      && !contains(keys(response.responseParameters), "method.response.header.access-control-allow-credentials")
      && alltrue([
        for origin in ["https://a.example", "http://localhost:3000"] :
        strcontains(response.responseTemplates["application/json"], "#set($context.responseOverride.header.access-control-allow-origin = \"${origin}\")")
      ])
    ])
    error_message = "The answer depends on who asks, and says so."
  }

  assert {
    condition = alltrue([
      for response in jsondecode(one(aws_api_gateway_rest_api.this).body)["x-amazon-apigateway-gateway-responses"] :
      response.responseParameters["gatewayresponse.header.access-control-allow-origin"] == "'*'"
    ])
    error_message = "A gateway response cannot choose: any page may read its constant text."
  }

  assert {
    condition = jsondecode(aws_lambda_function.this["api"].environment[0].variables["API_CORS"]) == {
      allow_credentials = false
      allow_origins     = ["https://a.example", "http://localhost:3000"]
      expose_headers    = ["location", "retry-after", "x-should-retry", "x-faregate-cost-usd", "x-faregate-model", "x-faregate-request-id", "x-faregate-tier"]
    }
    error_message = "The function names the same origins."
  }

  assert {
    condition = (
      one(aws_s3_bucket_cors_configuration.answers[0].cors_rule).allowed_origins == toset(["https://a.example", "http://localhost:3000"])
      && one(aws_s3_bucket_cors_configuration.answers[0].cors_rule).allowed_methods == toset(["PUT"])
    )
    error_message = "The same pages put files with URLs that the API signed, and do nothing else with the bucket."
  }
}

run "every_origin_with_cookies_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    api = { auth = "AUTHORIZER", cors = { allow_origins = ["*"], allow_credentials = true } }
  }

  expect_failures = [var.api]
}

run "several_origins_with_cookies_are_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    api = { auth = "AUTHORIZER", cors = { allow_origins = ["https://a.example", "https://b.example"], allow_credentials = true } }
  }

  expect_failures = [var.api]
}

run "an_origin_with_a_path_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    api = { auth = "AUTHORIZER", cors = { allow_origins = ["https://a.example/"] } }
  }

  expect_failures = [var.api]
}

run "an_origin_that_no_browser_sends_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    api = { auth = "AUTHORIZER", cors = { allow_origins = ["https://a.example:443"] } }
  }

  expect_failures = [var.api]
}

run "no_origin_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    api = { auth = "AUTHORIZER", cors = { allow_origins = [] } }
  }

  expect_failures = [var.api]
}

run "every_origin_beside_another_is_refused" {
  command = plan

  module { source = "./tests/inputs" }

  variables {
    api = { auth = "AUTHORIZER", cors = { allow_origins = ["*", "https://a.example"] } }
  }

  expect_failures = [var.api]
}
