# What AWS would answer, as far as ARNs are checked or compared.

mock_data "aws_partition" {
  defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
}

mock_data "aws_caller_identity" {
  defaults = { account_id = "123456789012" }
}

mock_data "aws_region" {
  defaults = { id = "eu-central-1" }
}

mock_data "aws_iam_policy_document" {
  defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
}

mock_resource "aws_kms_key" {
  defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/made", key_id = "made" }
}

mock_resource "aws_dynamodb_table" {
  defaults = {
    arn        = "arn:aws:dynamodb:eu-central-1:123456789012:table/some"
    stream_arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/some/stream/2026-11-21T00:00:00.000"
  }
}

mock_resource "aws_lambda_function" {
  defaults = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:some" }
}

mock_resource "aws_lambda_layer_version" {
  defaults = { arn = "arn:aws:lambda:eu-central-1:123456789012:layer:provider-sdks:1" }
}

mock_resource "aws_iam_role" {
  defaults = { arn = "arn:aws:iam::123456789012:role/some", id = "some" }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:some" }
}

mock_resource "aws_cloudwatch_event_rule" {
  defaults = { arn = "arn:aws:events:eu-central-1:123456789012:rule/some" }
}

mock_resource "aws_cloudwatch_event_connection" {
  defaults = {
    arn        = "arn:aws:events:eu-central-1:123456789012:connection/made/1"
    secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:events!connection/made/1-abcdef"
  }
}

mock_resource "aws_cloudwatch_event_api_destination" {
  defaults = { arn = "arn:aws:events:eu-central-1:123456789012:api-destination/made/1" }
}

mock_resource "aws_sqs_queue" {
  defaults = {
    arn = "arn:aws:sqs:eu-central-1:123456789012:made-failures"
    url = "https://sqs.eu-central-1.amazonaws.com/123456789012/made-failures"
  }
}

mock_resource "aws_s3_bucket" {
  defaults = { arn = "arn:aws:s3:::made-answers-1", id = "made-answers-1" }
}

mock_resource "aws_sns_topic" {
  defaults = { arn = "arn:aws:sns:eu-central-1:123456789012:made" }
}

mock_resource "aws_sfn_state_machine" {
  defaults = { arn = "arn:aws:states:eu-central-1:123456789012:stateMachine:faregate" }
}

mock_resource "aws_api_gateway_rest_api" {
  defaults = {
    id               = "made"
    root_resource_id = "root"
    execution_arn    = "arn:aws:execute-api:eu-central-1:123456789012:made"
  }
}

mock_resource "aws_api_gateway_stage" {
  defaults = {
    arn        = "arn:aws:apigateway:eu-central-1::/restapis/made/stages/v1"
    invoke_url = "https://made.execute-api.eu-central-1.amazonaws.com/v1"
  }
}

mock_resource "aws_apigatewayv2_api" {
  defaults = {
    id            = "sockets"
    execution_arn = "arn:aws:execute-api:eu-central-1:123456789012:sockets"
  }
}

mock_resource "aws_apigatewayv2_stage" {
  defaults = { invoke_url = "wss://sockets.execute-api.eu-central-1.amazonaws.com/v1" }
}

mock_resource "aws_lambda_alias" {
  defaults = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:some:live" }
}

mock_resource "aws_bedrock_inference_profile" {
  defaults = { arn = "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/made" }
}
