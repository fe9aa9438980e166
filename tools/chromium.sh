#!/bin/sh
# Sees to it that there is a Chromium, in which pages are tested; $CHROMIUM may name one. Without
# one their tests are skipped, which SKIPS=fail does not allow.
set -eu
for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing Debian's chromium, for the tests of pages"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -qq --yes --no-install-recommends chromium >/dev/null && exit 0
fi
echo "The tests of pages are skipped without Chromium: install it (apt-get install chromium, brew install chromium), or set CHROMIUM to its path." >&2
[ "${SKIPS:-}" != fail ]
