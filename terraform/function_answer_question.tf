locals {
  function_answer_question = {
    description  = "Retrieves passages for a question, merges them, and checks the answer's citations."
    handler      = "router.handlers.answer_question.handler"
    timeout      = 110
    memory       = 512 # the index of the corpus is in memory
    key_services = ["dynamodb", "s3"]
    called_by    = "rag"
    reads_steps  = true
  }

  answer_question_environment = var.workflows.rag == null ? null : merge({
    USAGE_TABLE    = local.tables.usage.name
    ANSWERS_BUCKET = aws_s3_bucket.answers.id
    CORPUS_BUCKET  = local.corpus_bucket
    RETRIEVERS     = jsonencode(local.rag_retrievers)
  }, local.rates_environment, local.embedding_environment)
}

data "aws_iam_policy_document" "answer_question" {
  count = var.workflows.rag == null ? 0 : 1

  statement {
    sid       = "ReadChunks"
    actions   = ["s3:GetObject"]
    resources = local.chunks_arns
  }

  # Without it S3 answers 403 for a document that is gone, not 404.
  statement {
    sid       = "ListChunks"
    actions   = ["s3:ListBucket"]
    resources = [local.corpus_bucket_arn]
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
      sid       = "FindNearVectors"
      actions   = ["s3vectors:QueryVectors"]
      resources = [statement.value.index_arn]
    }
  }

  dynamic "statement" {
    for_each = var.workflows.rag.knowledge_base_id[*]
    content {
      sid       = "AskTheKnowledgeBase"
      actions   = ["bedrock:Retrieve"]
      resources = ["arn:${local.partition}:bedrock:${local.arn_suffix}:knowledge-base/${statement.value}"]
    }
  }

  dynamic "statement" {
    for_each = var.workflows.rag.retriever_arn[*]
    content {
      sid       = "AskYourRetriever"
      actions   = ["lambda:InvokeFunction"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role_policy" "answer_question" {
  count = var.workflows.rag == null ? 0 : 1

  name   = "answer-question"
  role   = aws_iam_role.function["answer_question"].id
  policy = data.aws_iam_policy_document.answer_question[0].json
}
