output "state_machine_arn" {
  description = "What applications start."
  value       = module.faregate.state_machine.arn
}

output "tables" {
  description = "What dashboards read."
  value       = module.faregate.tables
}

output "api_url" {
  description = "What applications call over HTTP."
  value       = module.faregate.api.url
}

output "commands" {
  description = "What to run next: put the keys, then start an execution."
  value       = module.faregate.commands
}

output "queue" {
  description = "Where bursts of requests go."
  value       = module.faregate.queue
}

output "batch" {
  description = "What `faregate batch` needs."
  value       = module.faregate.batch
}
