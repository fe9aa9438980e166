"""Verbs that an ask may start with."""

from __future__ import annotations

from router.analyzer.lexicon import words

IMPERATIVES = words(
    """write translate summarize summarise explain describe list give find calculate compute solve
    evaluate determine simplify factor expand convert design implement create build develop compose
    draft generate make prove show derive compare contrast analyze analyse discuss propose plan
    outline suggest recommend rewrite rephrase paraphrase fix correct proofread shorten extract
    identify classify categorize label tag count sort rank order sum add subtract multiply divide
    integrate differentiate estimate round spell define name tell say state use turn change set book
    play remind call send schedule cancel debug refactor optimize optimise review improve diagnose
    investigate assess argue critique imagine pretend act roleplay invent devise architect model
    simulate answer choose select pick complete continue fill replace remove rename delete insert
    capitalize format reformat sketch construct provide produce return output print read formulate
    elaborate work figure decide predict reverse transform reduce plot draw graph decode encode
    decrypt parse validate test migrate deploy configure troubleshoot brainstorm narrate adapt"""
)
# What follows these is worked on, not asked.
EDITS = words(
    """translate summarize summarise proofread paraphrase rephrase shorten copy capitalize
    transcribe uppercase lowercase"""
)
