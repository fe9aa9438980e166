# The workflow `documents`: asl/documents.asl.json. A document that is put into the corpus, or deleted, starts a run.

locals {
  documents_template = var.workflows.documents == null ? null : jsondecode(templatefile("${path.module}/../asl/documents.asl.json", {
    partition           = local.partition
    ingest_document_arn = aws_lambda_function.this["ingest_document"].arn
    router_arn          = local.state_machine_arn
    failures_queue_url  = aws_sqs_queue.failures.url
    topic_arn           = try(coalesce(local.documents_topic_arn), "")
  }))
  documents_topic_arn = try(var.workflows.documents.topic_arn, null)

  # A Knowledge Base that the machine brings in line with the corpus: its id, and the data source that reads documents/.
  ingested_base    = try(var.workflows.documents.knowledge_base, null)
  ingestion_states = ["IngestSource", "IsIngested", "WaitForIngestion"]
  topic_states     = ["NotifyFinished", "NoticeFailed"]

  # Pages without text that a model reads: whose, and how many of a document.
  scanned_pages = try(var.workflows.documents.scanned_pages, null)
  page_states   = ["AnyPages", "ReadPages"]

  unused_states = concat(
    local.ingested_base == null ? local.ingestion_states : [],
    local.documents_topic_arn == null ? local.topic_states : [],
    local.scanned_pages == null ? local.page_states : [],
  )
  after_index = local.ingested_base == null ? "AnyAnalysis" : "IngestSource"

  # With a topic the end of each run is published there; without one, no state publishes. The same with a Knowledge Base, and with scanned pages.
  documents_definition = var.workflows.documents == null ? null : jsonencode(merge(local.documents_template, {
    States = {
      for name, state in local.documents_template.States : name => jsondecode(
        name == "FinishDocument" && local.documents_topic_arn != null ? jsonencode(merge(
          { for field, value in state : field => value if field != "End" }, { Next = "NotifyFinished" },
        )) : name == "IndexDocument" ? jsonencode(merge(state, { Next = local.scanned_pages == null ? local.after_index : "AnyPages" })) :
        name == "AnyPages" ? jsonencode(merge(state, { Default = local.after_index })) : jsonencode(state)
      ) if !contains(local.unused_states, name)
    }
  }))

  documents_rights = concat(
    [{ sid = "PutFailuresAside", actions = ["sqs:SendMessage"], resources = [local.failures_queue_arn] }],
    [for arn in local.documents_topic_arn[*] : { sid = "PublishTheEnd", actions = ["sns:Publish"], resources = [arn] }],
  )
}

# All objects tell EventBridge; the rule takes those that are documents.
resource "aws_s3_bucket_notification" "corpus" {
  count = var.workflows.documents == null ? 0 : 1

  bucket      = aws_s3_bucket.corpus[0].id
  eventbridge = true
}

resource "aws_cloudwatch_event_rule" "document_changed" {
  count = var.workflows.documents == null ? 0 : 1

  name        = "${var.name}-document-changed"
  description = "Documents that were put into the corpus of ${var.name}, or deleted."

  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created", "Object Deleted"]
    detail = {
      bucket = { name = [aws_s3_bucket.corpus[0].id] }
      object = { key = [{ prefix = local.documents_folder }] }
    }
  })

  tags = local.tags
}

resource "aws_cloudwatch_event_target" "ingest_document" {
  count = var.workflows.documents == null ? 0 : 1

  rule = aws_cloudwatch_event_rule.document_changed[0].name
  arn  = aws_lambda_function.this["ingest_document"].arn

  dead_letter_config {
    arn = aws_sqs_queue.failures.arn
  }

  depends_on = [aws_lambda_permission.ingest_document]
}

resource "aws_lambda_permission" "ingest_document" {
  count = var.workflows.documents == null ? 0 : 1

  statement_id  = "document-changed"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this["ingest_document"].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.document_changed[0].arn
}
