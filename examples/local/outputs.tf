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

output "failures_queue" {
  description = "The queue of what no function could handle."
  value       = module.faregate.failures_queue
}

output "answers_bucket" {
  description = "The bucket of large answers."
  value       = module.faregate.answers_bucket
}

output "corpus" {
  description = "The bucket of documents, and its folder."
  value       = module.faregate.corpus
}

output "notifications_topic_arn" {
  description = "The topic that tells of failed requests."
  value       = module.faregate.notifications_topic_arn
}

output "openai" {
  description = "Connection, API destination, endpoint and key parameter."
  value       = module.faregate.openai
}

output "kms_key_arn" {
  description = "The key."
  value       = module.faregate.kms_key_arn
}

output "event_source_mapping_id" {
  description = "The mapping from the usage table's stream to price_rows."
  value       = module.faregate.event_source_mapping_id
}

output "workflow_log_group" {
  description = "The state machine's log group."
  value       = module.faregate.workflow_log_group
}

output "models" {
  description = "The models as they are called."
  value       = module.faregate.models
}

output "commands" {
  description = "Paste-ready commands."
  value       = module.faregate.commands
}

output "api" {
  description = "The HTTP API."
  value       = module.faregate.api
}

output "websocket" {
  description = "The WebSocket API."
  value       = module.faregate.websocket
}

output "queue" {
  description = "The queue of requests and its dead-letter queue."
  value       = module.faregate.queue
}

output "batch" {
  description = "The machine and the bucket of batches."
  value       = module.faregate.batch
}

output "workflows" {
  description = "The workflows on top."
  value       = module.faregate.workflows
}

output "alarms" {
  description = "The alarms."
  value       = module.faregate.alarms
}
