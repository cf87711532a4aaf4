#!/bin/sh
# A browser for the browser tests: found, or installed from Debian when that is possible.
# Where it is not, says so in one line; the tests then skip with a reason, except in CI.
set -eu
for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
  if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "browser: installing chromium with apt-get" >&2
  if apt-get update -qq >/dev/null &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium \
      fonts-dejavu-core >/dev/null 2>&1; then
    exit 0
  fi
fi
echo "browser: no Chromium here; install the package chromium, or set CHROMIUM to its path" >&2
if [ "${CI:-}" = true ]; then exit 1; fi
