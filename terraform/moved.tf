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
  from = aws_sfn_state_machine.this
  to   = aws_sfn_state_machine.this["workflow"]
}

moved {
  from = aws_sfn_state_machine.batch[0]
  to   = aws_sfn_state_machine.this["batch"]
}

moved {
  from = aws_sfn_state_machine.variants[0]
  to   = aws_sfn_state_machine.this["variants"]
}

moved {
  from = aws_iam_role_policy.tell_of_failures
  to   = aws_iam_role_policy.notify_of_failures
}

# The HTTP API was made path by path; now its document is put in the place of all of it, under the same id and URL. What was there
# goes with that: destroyed one by one, it would take the new paths along. The deployment of that time goes with the API: replaced, it
# would have to wait for what it is replaced by.
removed {
  from = aws_api_gateway_resource.first

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_api_gateway_resource.second

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_api_gateway_resource.third

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_api_gateway_method.this

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_api_gateway_integration.this

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_api_gateway_method.preflight

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_api_gateway_integration.preflight

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_api_gateway_method_response.preflight

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_api_gateway_integration_response.preflight

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_api_gateway_authorizer.this

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_api_gateway_authorizer.bearer

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_api_gateway_authorizer.user_pool

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_api_gateway_gateway_response.this

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_api_gateway_model.this

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_api_gateway_request_validator.this

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_api_gateway_deployment.this

  lifecycle {
    destroy = false
  }
}
