resource "aws_sns_topic" "platform" {
  name              = "platform-failures"
  kms_master_key_id = aws_kms_key.platform.arn
}

resource "aws_sns_topic_subscription" "email" {
  count = var.alarm_email == null ? 0 : 1

  topic_arn = aws_sns_topic.platform.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}
