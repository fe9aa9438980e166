# What every file uses. Policies name a resource by way of a local, which stands in the resource's own file: a policy document that
# names a resource itself is shown as a change whenever anything of that resource changes, be it a tag.

data "aws_partition" "this" {}

data "aws_caller_identity" "this" {}

data "aws_region" "this" {}

locals {
  partition = data.aws_partition.this.partition
  account   = data.aws_caller_identity.this.account_id
  # `id` is the region's name in both major versions of the provider; `name` and `region` are not.
  region = data.aws_region.this.id

  arn_suffix = "${local.region}:${local.account}"

  # Made from names, since the role must be able to name the machine before the machine exists.
  state_machine_arn = "arn:${local.partition}:states:${local.arn_suffix}:stateMachine:${var.name}"
  execution_arns    = "arn:${local.partition}:states:${local.arn_suffix}:execution:${var.name}:*"

  tags = merge({ application = "faregate", deployment = var.name }, var.tags)
}
