# Everything that names a partition, in one that is not `aws`.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Any file will do: nothing is uploaded.
variables {
  package = { function_zip = "./versions.tf", layer_zip = "./versions.tf" }
}

run "in_china_arns_and_services_are_chinas" {
  command = plan

  variables {
    api    = { auth = "AUTHORIZER" }
    batch  = {}
    queue  = {}
    models = { for tier in ["SIMPLE", "CALCULATION", "COMPLEX"] : tier => { provider = "openai", model = "gpt-6-luna" } }
    # Bedrock is not in China.
    analyzer = { strategy = "heuristic" }
    bedrock  = { profile_prefix = "" }
  }

  override_data {
    target = data.aws_partition.this
    values = { partition = "aws-cn", dns_suffix = "amazonaws.com.cn" }
  }

  override_data {
    target = data.aws_region.this
    values = { id = "cn-north-1" }
  }

  assert {
    condition = alltrue([
      for arn in [local.state_machine_arn, local.batch_machine_arn, local.failures_queue_arn, local.execution_arns] : startswith(arn, "arn:aws-cn:")
    ])
    error_message = "What is built from names is in the deployment's partition."
  }

  assert {
    condition = toset(flatten([
      for document in concat(
        values(data.aws_iam_policy_document.function_runtime), [data.aws_iam_policy_document.workflow, data.aws_iam_policy_document.batch[0], data.aws_iam_policy_document.notify_of_failures],
      ) :
      [
        for statement in document.statement : [
          for condition in statement.condition : [for value in condition.values : replace(value, "/^[0-9a-z]+[.]/", "")] if condition.variable == "kms:ViaService"
        ]
      ]
    ])) == toset(["cn-north-1.amazonaws.com.cn"])
    error_message = "kms:ViaService names the service's own domain."
  }

  assert {
    condition = one([
      for statement in data.aws_iam_policy_document.kms_key[0].statement : tolist(one(statement.principals).identifiers) if statement.sid == "LogsEncryptTheirGroups"
    ]) == tolist(["logs.cn-north-1.amazonaws.com.cn"])
    error_message = "The regional principal of CloudWatch Logs has China's domain."
  }
}
