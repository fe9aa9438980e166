locals {
  function_ingest_document = {
    description    = "Starts the run of a document that changed, and puts its chunks in place of the old ones."
    handler        = "router.handlers.ingest_document.handler"
    timeout        = 600
    memory         = 512
    key_services   = ["dynamodb", "s3", "sqs", "states"]
    failures_aside = "events"
    called_by      = "documents"
    reads_steps    = true
    provider_sdks  = true # its layer has the reader of PDFs
  }

  ingest_document_environment = var.workflows.documents == null ? null : merge({
    USAGE_TABLE       = local.tables.usage.name
    ANSWERS_BUCKET    = aws_s3_bucket.answers.id
    CORPUS_BUCKET     = local.corpus_bucket
    DOCUMENTS_FOLDER  = local.documents_folder
    STATE_MACHINE_ARN = local.workflow_machines["documents"].arn
    ANALYSIS          = try(coalesce(var.workflows.documents.analysis), "")
    VECTORS           = jsonencode(local.corpus_vectors)
    }, local.rates_environment, local.embedding_environment,
    local.documents_topic_arn == null ? {} : { NOTIFIES = "true" },
    { for base in local.ingested_base[*] : "KNOWLEDGE_BASE" => jsonencode(base) },
    { for pages in local.scanned_pages[*] : "SCANNED_PAGES" => jsonencode(pages) },
    { for usd in var.workflows.documents.max_cost_usd[*] : "MAX_COST_USD" => tostring(usd) },
  )
}

data "aws_iam_policy_document" "ingest_document" {
  count = var.workflows.documents == null ? 0 : 1

  statement {
    sid       = "ReadDocuments"
    actions   = ["s3:GetObject"]
    resources = ["${local.corpus_bucket_arn}/${local.documents_folder}*"]
  }

  statement {
    sid       = "ReplaceChunks"
    actions   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = local.chunks_arns
  }

  # Without it S3 answers 403 for a document that is gone, not 404.
  statement {
    sid       = "SeeWhatIsMissing"
    actions   = ["s3:ListBucket"]
    resources = [local.corpus_bucket_arn]
  }

  statement {
    sid       = "StartRuns"
    actions   = ["states:StartExecution"]
    resources = [local.workflow_machines["documents"].arn]
  }

  dynamic "statement" {
    for_each = local.corpus_vectors[*]
    content {
      sid       = "EmbedText"
      actions   = ["bedrock:InvokeModel"]
      resources = local.embedding_model_arns
    }
  }

  dynamic "statement" {
    for_each = local.corpus_vectors[*]
    content {
      sid       = "ReplaceVectors"
      actions   = ["s3vectors:DeleteVectors", "s3vectors:PutVectors"]
      resources = [statement.value.index_arn]
    }
  }

  # As uploads of the default tenant, whose requests name them.
  dynamic "statement" {
    for_each = local.scanned_pages[*]
    content {
      sid       = "HandPagesToTheRouter"
      actions   = ["s3:PutObject"]
      resources = ["${local.answers_bucket_arn}/uploads/default/*"]
    }
  }

  dynamic "statement" {
    for_each = local.ingested_base[*]
    content {
      sid       = "IngestIntoTheKnowledgeBase"
      actions   = ["bedrock:GetIngestionJob", "bedrock:ListIngestionJobs", "bedrock:StartIngestionJob"]
      resources = ["arn:${local.partition}:bedrock:${local.arn_suffix}:knowledge-base/${statement.value.id}"]
    }
  }
}

resource "aws_iam_role_policy" "ingest_document" {
  count = var.workflows.documents == null ? 0 : 1

  name   = "ingest-document"
  role   = aws_iam_role.function["ingest_document"].id
  policy = data.aws_iam_policy_document.ingest_document[0].json
}
