# The HTTP Task takes the key from an EventBridge connection, and its URL from the API destination.

locals {
  own_connection  = var.openai.connection == null
  connection_name = "${var.name}-openai"
  connection_arn  = one(concat(aws_cloudwatch_event_connection.openai[*].arn, var.openai.connection[*].arn))
  # Secrets Manager appends six random characters to a secret's ARN; the connection has the whole ARN.
  connection_secret_arn = one(concat(aws_cloudwatch_event_connection.openai[*].secret_arn, var.openai.connection[*].secret_arn))

  openai_completions_url = "${var.openai.endpoint}/chat/completions"
}

resource "aws_cloudwatch_event_connection" "openai" {
  count = local.own_connection ? 1 : 0

  name               = local.connection_name
  description        = "The key for OpenAI. sync_api_key writes it; Terraform never sees it."
  authorization_type = "API_KEY"
  kms_key_identifier = local.kms_key_arn

  auth_parameters {
    api_key {
      key   = "Authorization"
      value = "placeholder, until sync_api_key writes the key"
    }
  }

  lifecycle {
    ignore_changes = [auth_parameters]
  }
}

resource "aws_cloudwatch_event_api_destination" "openai" {
  name                = "${var.name}-openai"
  description         = "OpenAI's chat completions."
  connection_arn      = local.connection_arn
  http_method         = "POST"
  invocation_endpoint = local.openai_completions_url
}
