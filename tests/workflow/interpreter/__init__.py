"""A second, independent interpreter for the workflow: moto's, on real handlers, in one process.

moto carries the parser and interpreter that LocalStack wrote against recordings of AWS; the local
cloud's emulator shares nothing with it. What moto lacks, or does otherwise than AWS, is in
`patches.py`, with what AWS does. Expressions go to the reference implementation of JSONata
(`engine.py`), HTTP Tasks to `http_task.py`, which was written from AWS's documentation alone.

    world.py       tables, bucket, topic, keys and the state machine, as the module makes them
    functions.py   Lambda: the handlers of `src/router/handlers`, errors as Lambda reports them
    nested_run.py  a run that starts another and waits for it
    wire.py        the providers' wire formats, behind the handlers' own SDKs and the HTTP Task
    runs.py        one request through the workflow, and what it left
"""
