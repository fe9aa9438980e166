# What `make verify-aws` deploys: the module as a user would, with what the checks need, to be destroyed at once.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100"
    }
  }
}

variable "name" {
  description = "Prefix of everything."
  type        = string
}

variable "region" {
  description = "AWS region."
  type        = string
}

variable "openai_api_key_parameter" {
  description = "SSM parameter that holds OpenAI's key."
  type        = string
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { purpose = "faregate verify-aws" }
  }
}

module "faregate" {
  source = "../../../terraform"

  name   = var.name
  openai = { api_key_parameter = var.openai_api_key_parameter }

  # Metrics must arrive at this level as well.
  functions     = { log_level = "WARNING" }
  observability = { detailed_metrics = true }

  alarms  = {}
  tenants = { verify = { budget = { day_usd = 5 } } }
  tables  = { deletion_protection = false, point_in_time_recovery = false }
  stream  = { window_seconds = 0 }
  api     = { auth = "AUTHORIZER", account_logging = false }

  websocket = {}
  workflows = { variants = {} }
}

output "state_machine" {
  description = "The workflow."
  value       = module.faregate.state_machine
}

output "tables" {
  description = "The tables."
  value       = module.faregate.tables
}

output "functions" {
  description = "The functions."
  value       = module.faregate.functions
}

output "workflows" {
  description = "The machines of the workflows on top."
  value       = module.faregate.workflows
}

output "answers_bucket" {
  description = "The bucket of large texts, and of files of variants."
  value       = module.faregate.answers_bucket
}

output "event_source_mapping_id" {
  description = "The mapping from the stream to its reader."
  value       = module.faregate.event_source_mapping_id
}

output "alarms" {
  description = "The alarms."
  value       = module.faregate.alarms
}

output "openai" {
  description = "The connection, the endpoint and the parameter of the key."
  value       = module.faregate.openai
}

output "api" {
  description = "The HTTP API."
  value       = module.faregate.api
}

output "websocket" {
  description = "The WebSocket API."
  value       = module.faregate.websocket
}
