"""Faults that users of other routers, SDKs and clouds reported in public, each with its tests here.

A row is an issue or a pull request (or `own`: found while trying the others), what it shows, and
the tests that fail if Faregate has the fault.
"""

from __future__ import annotations

import pytest

from tests.support.named_tests import exists

UNIT, CLOUD, MODULE = "tests/unit/", "tests/local_cloud/", "terraform/tests/"
ROUTER, COST = f"{UNIT}router/", f"{UNIT}cost_calculator/"

VALIDATOR = f"{ROUTER}invocation/test_schema_validator.py"
MODES = f"{ROUTER}providers/test_json_modes.py"
REFUSALS = f"{ROUTER}providers/test_refusals.py"
STATUSES = f"{ROUTER}providers/test_statuses.py"
READERS = f"{ROUTER}providers/test_readers.py"
TURNS = f"{ROUTER}providers/test_asked_turns.py"
READING = f"{ROUTER}conversation/test_reading.py"
WORDS = f"{REFUSALS}::test_an_sdk_reads_each_providers_words"
TASK_WORDS = f"{REFUSALS}::test_the_http_task_and_a_history_read_the_same_words"

# id: (where it was reported, what it shows, tests)
FAULTS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "h2-02": (
        "python-jsonschema/jsonschema#743, #1515",
        "a number beyond any double breaks the validator after the call is paid",
        (
            f"{VALIDATOR}::test_a_number_that_no_double_holds_is_no_json",
            f"{ROUTER}invocation/test_checked.py::test_a_number_beyond_a_double_is_repaired_and_paid",
        ),
    ),
    "h2-04": (
        "Necmttn/ax#906, langfuse/langfuse#15916",
        "half a surrogate pair in one id loses its whole batch",
        (
            f"{ROUTER}ingress/batch/test_lines.py"
            "::test_an_id_that_no_result_can_hold_is_a_bad_line_before_anything_is_paid",
        ),
    ),
    "h2-06": (
        "NousResearch/hermes-agent#61318, #41985, anomalyco/opencode#46294",
        "blank instructions and blank texts are refused by providers",
        (f"{TURNS}::test_a_text_of_white_space_is_never_sent_and_a_last_one_does_not_end_in_it",),
    ),
    "h2-07": (
        "aws/aws-cdk#4597, "
        "aws-solutions-library-samples/accelerated-intelligent-document-processing-on-aws#478",
        "ARNs of one partition in another",
        (
            f"{UNIT}test_partitions.py::test_no_file_of_the_module_names_a_partition",
            f"{MODULE}partitions.tftest.hcl::in_china_arns_and_services_are_chinas",
            f"{MODULE}models.tftest.hcl::the_profiles_of_us_gov_west_1",
        ),
    ),
    "h2-09": (
        "anthropics/claude-code#60641, BerriAI/litellm#38369, latitude-dev/latitude-llm#4348",
        "a surcharge that the answer names is not priced",
        (
            f"{COST}test_surcharges.py::test_the_place_that_anthropic_reports_is_in_the_price",
            f"{COST}test_surcharges.py::test_a_place_or_speed_without_a_price_is_unpriced_by_name",
        ),
    ),
    "h2-11": (
        "vectorize-io/hindsight#3944, camel-ai/camel#3001",
        "a remark beside a `$ref` is refused by OpenAI's strict mode",
        (f"{MODES}::test_a_remark_beside_a_reference_is_not_for_the_modes",),
    ),
    "h2-13": (
        "anthropics/anthropic-sdk-python#1185, anthropics/claude-code#55539",
        "more optional properties than Claude's grammar takes",
        (
            f"{MODES}::test_a_shape_that_claude_cannot_be_bound_to_is_told_in_words",
            f"{MODES}::test_many_properties_are_no_trouble_while_few_may_be_absent",
        ),
    ),
    "h2-14": (
        "python-jsonschema/jsonschema#1234, #810, #679",
        "multiples of decimals checked in binary",
        (f"{VALIDATOR}::test_numbers_are_decimal_and_patterns_are_ecmas",),
    ),
    "h2-16": (
        "langchain-ai/langchain#40289, microsoft/autogen#7889, maximhq/bifrost#6177",
        "fences and byte order marks around JSON",
        (
            f"{ROUTER}invocation/test_wrapping.py::test_an_ordinary_wrapping_costs_no_repair",
            f"{ROUTER}invocation/test_wrapping.py::test_the_classifiers_reply_may_be_wrapped_as_well",
        ),
    ),
    "h2-18": (
        "openai/openai-agents-python#3308",
        "tool calls of a message are dropped in silence",
        (
            f"{READING}::test_what_has_no_place_is_refused_by_its_name",
            f"{READING}::test_a_turn_keeps_its_text_beside_its_calls",
            f"{TURNS}::test_a_speakers_name_is_a_field_or_words_and_never_lost",
        ),
    ),
    "h2-19": (
        "docker/docker-agent#569, Aider-AI/aider#3618",
        "Anthropic's second phrase for a context that is too long",
        (WORDS,),
    ),
    "h2-21": (
        "BeehiveInnovations/pal-mcp-server#178, openai/codex#7250",
        "a prompt that one provider's filter rejects before the call",
        (WORDS, TASK_WORDS),
    ),
    "h2-22": (
        "0xHoneyJar/loa#891, router-for-me/CLIProxyAPI#3859",
        "an account without credit is reported as a malformed call",
        (WORDS,),
    ),
    "h2-23": (
        "continuedev/continue#10218, anthropics/claude-code#6368",
        "a status means one thing to an SDK, another to the HTTP Task",
        (
            f"{STATUSES}::test_a_status_means_the_same_to_every_way_to_call",
            f"{STATUSES}::test_an_sdk_reads_the_same_table",
            f"{CLOUD}test_faults.py::test_the_request_ends_as_the_fault_demands",
            "tests/local_patches/simulator/test_faults.py"
            "::test_a_refusal_that_bedrocks_model_does_not_name_is_no_error_of_the_server",
        ),
    ),
    "h2-24": (
        "musistudio/claude-code-router#1118, windmill-labs/windmill#10688",
        "a usage of zeros beside an answer",
        (f"{COST}test_unknown_usage.py::test_zeros_beside_an_answer_are_no_price",),
    ),
    "h2-26": (
        "AWS: PutCompositeAlarm",
        "more alarms than one composite alarm takes",
        (
            f"{MODULE}alarms.tftest.hcl::any_number_of_budgets_fits_the_composite",
            f"{MODULE}alarms.tftest.hcl::a_tenant_a_budget_fits_the_composite",
        ),
    ),
    "h2-27": (
        "josipmusa/idempotency4j#12",
        "one payload in two spellings is a conflict",
        (
            f"{ROUTER}intake/test_identity_spelling.py::test_a_payload_in_another_spelling_is_the_same",
        ),
    ),
    "h2-28": (
        "own",
        "numbers of a command line that make no sense",
        (f"{UNIT}cli/test_arguments.py::test_nonsense_is_a_usage_error_that_says_what_to_write",),
    ),
    "h2-41": (
        "vercel/ai#18614",
        "more reasoning than output",
        (f"{COST}test_usage.py::test_usage_that_cannot_be_true_is_refused",),
    ),
    "h2-43": (
        "langfuse/langfuse-python#1741",
        "a completion without choices",
        (f"{READERS}::test_whatever_a_body_holds_it_is_an_answer_or_an_error_of_the_call",),
    ),
    "h2-44": (
        "UKGovernmentBEIS/inspect_ai#1536, xyOz-dev/Saturn#43",
        "an error in a body of status 200",
        (f"{READERS}::test_an_error_in_a_body_of_status_200_is_a_bad_response",),
    ),
    "h2-46": (
        "BerriAI/litellm#29568, #27780",
        "a call near midnight in another time zone",
        (f"{COST}test_settlement.py::test_a_call_counts_on_its_day_in_utc",),
    ),
    "h2-48": (
        "terraform-aws-modules/terraform-aws-step-functions#36",
        "the log delivery policy of the account overflows",
        (f"{MODULE}limits.tftest.hcl::logs_of_state_machines_share_one_resource_policy",),
    ),
    "h2-49": (
        "serverless-operations/serverless-step-functions#599",
        "rights that an HTTP Task needs",
        (f"{MODULE}security.tftest.hcl::the_http_task_may_call_one_url_with_one_method",),
    ),
    "h2-51": (
        "anthropics/claude-code#6368",
        "Anthropic's 413",
        (WORDS,),
    ),
    "h2-52": (
        "langchain-ai/langchain#26968",
        "a conversation of blank turns alone",
        (
            f"{READING}::test_blank_turns_before_the_last_are_left_out",
            f"{READING}::test_what_has_no_place_is_refused_by_its_name",
        ),
    ),
    "h2-53": (
        "own",
        "the client's own message object, with its nulls, in the next turn",
        (
            f"{CLOUD}test_conversations.py"
            "::test_openais_own_message_object_is_a_turn_of_the_next_request",
        ),
    ),
    "h2-54": (
        "own",
        "quotes, dollar signs and backticks in a prompt of make ask",
        (f"{UNIT}local/test_make_ask.py::test_a_prompt_reaches_the_command_as_it_was_written",),
    ),
    "h2-55": (
        "BerriAI/litellm",
        "prices of long contexts, at their bound",
        (
            f"{COST}cli/test_price.py::test_long_context_reprices_the_whole_call",
            f"{COST}test_book.py::test_what_only_looks_like_a_snapshot_is_unknown",
        ),
    ),
    "h2-60": (
        "langchain-ai/langchainjs#1929",
        "a quota that is used up is asked again",
        (
            WORDS,
            f"{ROUTER}handlers/test_plan_next_step.py"
            "::test_a_used_up_quota_is_not_asked_again_through_the_http_task",
            f"{CLOUD}test_faults.py::test_every_call_on_the_wire_is_accounted_for",
        ),
    ),
    "h2-61": (
        "farion1231/cc-switch#2391",
        "parts of a text are joined by something that nobody wrote",
        (
            f"{READING}::test_text_parts_are_not_joined_by_anything",
            f"{TURNS}::test_parts_of_a_text_stay_parts",
        ),
    ),
    "h2-62": (
        "own",
        "an answer of white space",
        (f"{READERS}::test_white_space_is_no_answer_and_is_on_the_bill",),
    ),
    "h2-63": (
        "own",
        "NaN in a schema",
        (
            f"{ROUTER}intake/test_response_schema.py"
            "::test_what_is_no_schema_or_dangerous_is_refused_with_what_to_write",
        ),
    ),
    "h2-64": (
        "own",
        "metadata whose name is empty",
        (f"{ROUTER}intake/test_request.py::test_bad_input_is_refused_with_the_field_and_the_cure",),
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_each_reported_fault_has_tests_and_they_exist(case: str) -> None:
    _, _, tests = FAULTS[case]

    assert tests
    assert [test for test in tests if not exists(test)] == []
