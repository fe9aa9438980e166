# Valid, but probably not intended: a plan warns and continues.

check "alarms_reach_somebody" {
  assert {
    condition     = !var.alarms.enabled || length(local.alarm_topic_arns) > 0
    error_message = "alarms.topic_arns is empty: alarms start and end without a notification. Name a topic, or set alarms = { enabled = false }."
  }
}

check "text_is_kept_out_everywhere" {
  assert {
    condition     = var.privacy.store_text || !var.workflow.include_execution_data
    error_message = "privacy.store_text is false, yet workflow.include_execution_data writes prompts and answers to the workflow's log."
  }
}
