# CORS: which web pages may call the HTTP API and read its answers. Off if `api.cors` is null.

locals {
  api_cors = try(var.api.cors, null)
  # The origin that every answer may name. With several origins, each one gets its own name back.
  api_cors_origin = local.api_cors == null ? null : local.api_cors.allow_origins[0]
  api_cors_echoes = local.api_cors == null ? false : length(local.api_cors.allow_origins) > 1

  # Beside the body. `*` is any header but `authorization`, and none for a page that sends cookies.
  api_cors_sent = "authorization,content-type,idempotency-key,x-amz-content-sha256,x-amz-date,x-amz-security-token,x-api-key,*"
  api_cors_exposed = [
    "location", "retry-after", "x-should-retry",
    "x-faregate-cost-usd", "x-faregate-model", "x-faregate-request-id", "x-faregate-tier",
  ]

  # The function answers everything else, with these headers.
  api_cors_environment = local.api_cors == null ? {} : {
    API_CORS = jsonencode({
      allow_origins     = local.api_cors.allow_origins
      allow_credentials = local.api_cors.allow_credentials
      expose_headers    = local.api_cors_exposed
    })
  }

  # Without them a browser hides a 401 or 429 from its page behind an error of its own. A gateway response cannot choose among
  # origins; it holds a constant text and an id, so that any page may read it.
  api_cors_error_headers = local.api_cors == null ? {} : merge(
    {
      "gatewayresponse.header.access-control-allow-origin"   = "'${local.api_cors_echoes ? "*" : local.api_cors_origin}'"
      "gatewayresponse.header.access-control-expose-headers" = "'${join(",", local.api_cors_exposed)}'"
    },
    local.api_cors.allow_credentials ? { "gatewayresponse.header.access-control-allow-credentials" = "'true'" } : {},
  )

  # The gateway answers by itself: no key, no function. A header is declared whether or not it is mapped.
  api_preflights = {
    for path, operations in local.api_source.paths : path => {
      parameters = []
      security   = []
      responses = {
        "204" = { description = "May a page call it?", headers = { for name in local.api_preflight_names : name => { schema = { type = "string" } } } }
      }
      x-amazon-apigateway-integration = {
        type             = "mock"
        requestTemplates = { "application/json" = jsonencode({ statusCode = 204 }) }
        responses = {
          default = merge(
            {
              statusCode = "204"
              responseParameters = merge(local.api_preflight_headers, {
                "method.response.header.access-control-allow-methods" = "'${join(",", [for verb in keys(operations) : upper(verb)])}'"
              })
            },
            { for template in local.api_cors_echoes ? [local.api_preflight_template] : [] : "responseTemplates" => { "application/json" = template } },
          )
        }
      }
    }
  }
  api_preflight_names = [
    "access-control-allow-credentials", "access-control-allow-headers", "access-control-allow-methods",
    "access-control-allow-origin", "access-control-max-age", "vary",
  ]
  api_preflight_headers = local.api_cors == null ? {} : merge(
    {
      "method.response.header.access-control-allow-origin"  = "'${local.api_cors_origin}'"
      "method.response.header.access-control-allow-headers" = "'${local.api_cors_sent}'"
      "method.response.header.access-control-max-age"       = "'${local.api_cors.max_age_seconds}'"
    },
    local.api_cors.allow_credentials ? { "method.response.header.access-control-allow-credentials" = "'true'" } : {},
    local.api_cors_echoes ? { "method.response.header.vary" = "'origin'" } : {},
  )

  # Names the origin that asks, if it is one of them; over HTTP/2 the header's name is in lower case.
  api_preflight_template = join("", [
    for origin in try(local.api_cors.allow_origins, []) : join("", [
      "#if($input.params().header.get(\"origin\") == \"${origin}\" || $input.params().header.get(\"Origin\") == \"${origin}\")",
      "#set($context.responseOverride.header.access-control-allow-origin = \"${origin}\")",
      "#end",
    ])
  ])
}
