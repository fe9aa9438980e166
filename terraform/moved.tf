# What earlier versions named differently: an upgrade moves it in the state and changes nothing.

moved {
  from = aws_dynamodb_table.usage
  to   = aws_dynamodb_table.usage[0]
}

moved {
  from = aws_dynamodb_table.spend
  to   = aws_dynamodb_table.spend[0]
}

moved {
  from = aws_dynamodb_table.control
  to   = aws_dynamodb_table.control[0]
}

moved {
  from = aws_cloudwatch_log_group.workflow
  to   = aws_cloudwatch_log_group.workflow[0]
}

# A user pool's authorizer had this address as well; it is replaced by user_pool[0], which has another name.
moved {
  from = aws_api_gateway_authorizer.this
  to   = aws_api_gateway_authorizer.bearer
}

moved {
  from = aws_cloudwatch_log_group.workflow[0]
  to   = aws_cloudwatch_log_group.state_machine["workflow"]
}

moved {
  from = aws_cloudwatch_log_group.batch[0]
  to   = aws_cloudwatch_log_group.state_machine["batch"]
}

moved {
  from = aws_iam_role.workflow
  to   = aws_iam_role.state_machine["workflow"]
}

moved {
  from = aws_iam_role.batch[0]
  to   = aws_iam_role.state_machine["batch"]
}

moved {
  from = aws_iam_role_policy.tell_of_failures
  to   = aws_iam_role_policy.notify_of_failures
}
