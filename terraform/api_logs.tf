# What the HTTP API logs, and the role that API Gateway logs with.

# Created before the stage, which would create one without key and retention.
resource "aws_cloudwatch_log_group" "api_execution" {
  count = var.api == null ? 0 : 1

  name              = "API-Gateway-Execution-Logs_${aws_api_gateway_rest_api.this[0].id}/${local.api_stage}"
  retention_in_days = var.logs.retention_days
  kms_key_id        = local.kms_key_arn
  tags              = local.tags
}

resource "aws_cloudwatch_log_group" "api_access" {
  count = var.api == null ? 0 : 1

  name              = "/aws/apigateway/${var.name}"
  retention_in_days = var.logs.retention_days
  kms_key_id        = local.kms_key_arn
  tags              = local.tags
}

# One role for all APIs of the account in this region; without it no stage can log.
data "aws_iam_policy_document" "api_logs_trust" {
  count = try(var.api.account_logging, false) ? 1 : 0

  statement {
    sid     = "TheGatewayLogs"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["apigateway.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "api_logs" {
  count = try(var.api.account_logging, false) ? 1 : 0

  name                 = "${var.name}-api-logs"
  description          = "Lets API Gateway write to CloudWatch Logs, for every API of this account and region."
  assume_role_policy   = data.aws_iam_policy_document.api_logs_trust[0].json
  permissions_boundary = var.permissions_boundary_arn
  tags                 = local.tags
}

resource "aws_iam_role_policy_attachment" "api_logs" {
  count = try(var.api.account_logging, false) ? 1 : 0

  role       = aws_iam_role.api_logs[0].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}

resource "aws_api_gateway_account" "this" {
  count = try(var.api.account_logging, false) ? 1 : 0

  cloudwatch_role_arn = aws_iam_role.api_logs[0].arn

  depends_on = [aws_iam_role_policy_attachment.api_logs]
}
