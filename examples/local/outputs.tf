output "state_machine" {
  description = "The workflow."
  value       = module.switchyard.state_machine
}

output "tables" {
  description = "The tables."
  value       = module.switchyard.tables
}

output "functions" {
  description = "The functions."
  value       = module.switchyard.functions
}

output "failures_queue" {
  description = "The queue of what no function could handle."
  value       = module.switchyard.failures_queue
}

output "answers_bucket" {
  description = "The bucket of large answers."
  value       = module.switchyard.answers_bucket
}

output "notifications_topic_arn" {
  description = "The topic that tells of failed requests."
  value       = module.switchyard.notifications_topic_arn
}

output "openai" {
  description = "Connection, API destination, endpoint and key parameter."
  value       = module.switchyard.openai
}

output "kms_key_arn" {
  description = "The key."
  value       = module.switchyard.kms_key_arn
}

output "event_source_mapping_id" {
  description = "The mapping from the usage table's stream to price_rows."
  value       = module.switchyard.event_source_mapping_id
}

output "workflow_log_group" {
  description = "The state machine's log group."
  value       = module.switchyard.workflow_log_group
}

output "models" {
  description = "The models as they are called."
  value       = module.switchyard.models
}

output "commands" {
  description = "Paste-ready commands."
  value       = module.switchyard.commands
}

output "api" {
  description = "The HTTP door."
  value       = module.switchyard.api
}

output "queue" {
  description = "The queue of requests and its dead-letter queue."
  value       = module.switchyard.queue
}

output "batch" {
  description = "The machine and the bucket of batches."
  value       = module.switchyard.batch
}
