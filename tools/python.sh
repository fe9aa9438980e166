#!/bin/sh
# Sees to it that $PYTHON is new enough; one line says what to do if it is not.
set -eu
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && exit 0
found=$("$python" -c 'import platform; print(platform.python_version())' 2>/dev/null || true)
if [ -n "$found" ]; then found="$python is $found"; else found="there is no $python"; fi
if command -v uv >/dev/null 2>&1; then
    # As a user would type it, so that nothing is expanded here.
    # shellcheck disable=SC2016
    way='uv python install 3.13, then make PYTHON="$(uv python find 3.13)" …'
else
    way='install it, or name it: make PYTHON=python3.13 … (uv installs one for you: https://docs.astral.sh/uv)'
fi
echo "Faregate needs Python 3.11 or newer, and $found: $way" >&2
exit 1
