#!/bin/sh
# Make .venv hold what the locks say: `setup.sh run` for the command line, `setup.sh service` for
# the service too, `setup.sh dev` for the checks.
# Nothing outside .venv is changed, except that on Debian as root a missing python3-venv is
# installed. Does nothing when the locks have not changed. PYTHON chooses another interpreter.
set -eu
cd "$(dirname "$0")/.."
profile=${1:-run}
venv=${VENV:-.venv}

say() { printf '%s\n' "setup: $*" >&2; }
stop() { say "$*"; exit 1; }
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

case $profile in
run) locks="requirements.lock requirements-build.lock" enough="run service dev" ;;
service) locks="requirements-service.lock requirements-build.lock" enough="service dev" ;;
dev) locks="requirements-dev.lock" enough="dev" ;;
*) stop "profile $profile is not known; use run, service or dev" ;;
esac
want=$(cat requirements*.lock pyproject.toml | cksum)

# 1. Is it all there already?
if [ -x "$venv/bin/python" ] && new_enough "$venv/bin/python"; then
  for name in $enough; do
    stamp=$venv/.lamppost-$name
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then exit 0; fi
  done
else
  # 2. An interpreter, new enough, that can make environments.
  python=
  for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
    if command -v "$candidate" >/dev/null 2>&1 && new_enough "$candidate"; then
      python=$candidate
      break
    fi
  done
  if [ -z "$python" ]; then
    found=$(${PYTHON:-python3} --version 2>&1) || found="none"
    stop "Lamppost needs Python 3.11 or newer; found: $found. Install it, or say where it is: make run PYTHON=/path/to/python3.11"
  fi
  if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    package=python3-venv
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
      say "installing $package with apt-get, since this Python cannot make environments"
      apt-get update -qq >/dev/null
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null
    fi
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
      stop "this Python cannot make virtual environments; install $package (on Debian and Ubuntu: sudo apt-get install $package)"
  fi
  say "making $venv with $("$python" --version)"
  "$python" -m venv --clear "$venv"
fi

# 3. The locked packages, each file checked against its hash, then Lamppost itself.
say "installing the locked packages ($profile)"
rm -f "$venv"/.lamppost-*
set -- --quiet --quiet --disable-pip-version-check --no-input
[ "$(id -u)" = 0 ] && export PIP_ROOT_USER_ACTION=ignore
for lock in $locks; do
  "$venv/bin/python" -m pip install "$@" --require-hashes --no-deps -r "$lock"
done
"$venv/bin/python" -m pip install "$@" --no-deps --no-build-isolation --no-index --editable .
printf '%s\n' "$want" >"$venv/.lamppost-$profile"
