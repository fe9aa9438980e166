#!/bin/sh
# Makes a virtual environment from a hash-pinned lock: venv.sh FOLDER LOCK
set -eu
venv=$1
lock=$2
cd "$(dirname "$0")/.."
tools/python.sh
log=$(mktemp)
trap 'rm -f "$log"' EXIT
step() {
    if ! "$@" >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        echo "Could not install the pinned packages: is a Python package index reachable?" >&2
        exit 1
    fi
}
echo "making $venv from $lock"
[ -x "$venv/bin/python" ] || step "$PYTHON" -m venv "$venv"
step "$venv/bin/python" -m pip install --quiet --require-hashes -r requirements/bootstrap.lock

step "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --require-hashes -r "$lock"
# Where the lock can build the project, it is installed too.
if grep -q '^hatchling==' "$lock"; then
    step "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation --editable .
fi
