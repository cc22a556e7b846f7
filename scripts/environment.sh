#!/bin/sh
# Makes .venv from requirements.lock, or does nothing when it is up to date. Usage: scripts/environment.sh [dev]
# Works as root and not, on Debian and Ubuntu where Python's venv module may be a package of its own.
set -eu
cd "$(dirname "$0")/.."
lock=requirements.lock
[ "${1:-}" = dev ] && lock=requirements-dev.lock
python=${PYTHON:-}
if [ -z "$python" ]; then
  for candidate in python3.11 python3.12 python3.13 python3; do
    if command -v "$candidate" >/dev/null 2>&1 && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
      python=$candidate; break
    fi
  done
fi
[ -n "$python" ] || { echo "lettrage: Python 3.11 or newer is needed; install the package python3.11 and run again" >&2; exit 2; }

stamp=.venv/lettrage-lock
wanted=$(cat "$lock" | cksum)
if [ -f "$stamp" ] && grep -qxF "$lock $wanted" "$stamp" && [ -x .venv/bin/python ]; then exit 0; fi

if [ ! -x .venv/bin/pip ]; then
  if ! "$python" -m venv .venv >/dev/null 2>&1; then
    rm -rf .venv
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
      echo "installing python$version-venv, without which Python cannot make an environment"
      apt-get update -qq && apt-get install -y -qq "python$version-venv" >/dev/null
      "$python" -m venv .venv
    else
      echo "lettrage: Python cannot make an environment here; install the package python$version-venv and run again" >&2
      exit 2
    fi
  fi
fi
echo "installing the locked libraries into .venv (about a minute, only when the lock changed)"
.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
# A development environment holds everything the demo needs as well.
{ echo "$lock $wanted"; [ "$lock" = requirements-dev.lock ] && echo "requirements.lock $(cat requirements.lock | cksum)"; } > "$stamp" || true
