# The gateway's own errors, in the same format as the function's.

locals {
  # A missing signature looks like a missing path to the gateway.
  api_errors = var.api == null ? {} : {
    DEFAULT_4XX   = { status = null, type = "Refused", message = "The gateway refused the call." }
    DEFAULT_5XX   = { status = null, type = "InternalError", message = "Something went wrong inside the API." }
    ACCESS_DENIED = { status = "403", type = "Forbidden", message = "These credentials may not call this path." }
    # Lambda refuses to start a function: as many run as api.max_concurrent, or the account, allows.
    API_CONFIGURATION_ERROR        = { status = "429", type = "RateLimited", message = "Too many answers are under way: wait a second." }
    AUTHORIZER_CONFIGURATION_ERROR = { status = "503", type = "Busy", message = "The key could not be checked: send it again." }
    AUTHORIZER_FAILURE             = { status = "503", type = "Busy", message = "The key could not be checked: send it again." }
    EXPIRED_TOKEN                  = { status = "401", type = "Unauthorized", message = "The token has expired." }
    INTEGRATION_FAILURE            = { status = "502", type = "InternalError", message = "Something went wrong inside the API." }
    INTEGRATION_TIMEOUT            = { status = "504", type = "NotAnsweredYet", message = "No answer in time. The request may go on: GET /v1/prompts/ and its id." }
    INVALID_API_KEY                = { status = "401", type = "Unauthorized", message = "Send a known key in the header x-api-key." }
    INVALID_SIGNATURE              = { status = "401", type = "Unauthorized", message = "The signature does not fit the call." }
    MISSING_AUTHENTICATION_TOKEN = (
      local.api_auth == "IAM"
      ? { status = "401", type = "Unauthorized", message = "Sign the call with AWS Signature Version 4; or there is no such path." }
      : { status = "404", type = "NotFound", message = "There is no such path: see docs/api.md." }
    )
    QUOTA_EXCEEDED     = { status = "429", type = "QuotaExceeded", message = "The quota of this key is used up." }
    REQUEST_TOO_LARGE  = { status = "413", type = "RequestTooLarge", message = "The body is larger than 10 MB: upload its files (POST /v1/uploads) and name them by their s3:// addresses." }
    RESOURCE_NOT_FOUND = { status = "404", type = "NotFound", message = "There is no such path: see docs/api.md." }
    THROTTLED          = { status = "429", type = "RateLimited", message = "Too many calls: wait a second." }
    UNAUTHORIZED       = { status = "401", type = "Unauthorized", message = "Send a known key or token: Authorization: Bearer …" }
  }
  # OpenAI's client retries by itself: it must not if the call was paid already, or if a retry cannot help.
  api_error_headers = {
    API_CONFIGURATION_ERROR        = { "gatewayresponse.header.retry-after" = "'1'" }
    AUTHORIZER_CONFIGURATION_ERROR = { "gatewayresponse.header.retry-after" = "'1'" }
    AUTHORIZER_FAILURE             = { "gatewayresponse.header.retry-after" = "'1'" }
    THROTTLED                      = { "gatewayresponse.header.retry-after" = "'1'" }
    QUOTA_EXCEEDED                 = { "gatewayresponse.header.retry-after" = "'3600'", "gatewayresponse.header.x-should-retry" = "'false'" }
    DEFAULT_5XX                    = { "gatewayresponse.header.x-should-retry" = "'false'" }
    INTEGRATION_FAILURE            = { "gatewayresponse.header.x-should-retry" = "'false'" }
    INTEGRATION_TIMEOUT            = { "gatewayresponse.header.x-should-retry" = "'false'" }
  }

  api_gateway_responses = {
    for type, error in local.api_errors : type => merge(
      {
        responseParameters = merge(lookup(local.api_error_headers, type, {}), local.api_cors_error_headers)
        responseTemplates = {
          # Not what the caller sent: the gateway's own description of an error may quote it.
          "application/json" = jsonencode({ error = { type = error.type, message = error.message, request_id = "$context.requestId" } })
        }
      },
      { for status in error.status[*] : "statusCode" => status },
    )
  }
}
