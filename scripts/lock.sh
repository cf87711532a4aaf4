#!/bin/sh
# Write the lock files from pyproject.toml: exact versions and hashes for every platform and for
# Python 3.11 and newer. Versions already locked are kept; `lock.sh --upgrade` takes newer ones.
set -eu
cd "$(dirname "$0")/.."
uv=${UV:-.venv/bin/uv}

compile() {
  "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-config \
    --custom-compile-command "make lock" "$@" >/dev/null
}

compile "$@" pyproject.toml --extra meaning --output-file requirements.lock
compile "$@" pyproject.toml --extra service --extra exports --extra meaning \
  --constraint requirements.lock --output-file requirements-service.lock
compile "$@" --group build --output-file requirements-build.lock
compile "$@" pyproject.toml --all-extras --group build --group docs --group dev \
  --constraint requirements-service.lock --constraint requirements-build.lock \
  --output-file requirements-dev.lock
