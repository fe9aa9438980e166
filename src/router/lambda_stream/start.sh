#!/bin/bash
# AWS_LAMBDA_EXEC_WRAPPER: Lambda passes the command of its Python runtime, whose last argument is the script with its own loop, which
# does not stream. This one does. Modules are found where that script would find them: our code, the layers, the runtime's boto3.
export PYTHONPATH="${LAMBDA_TASK_ROOT}:/opt/python:/var/runtime${PYTHONPATH:+:${PYTHONPATH}}"
exec "${@:1:$#-1}" -m router.lambda_stream.run
