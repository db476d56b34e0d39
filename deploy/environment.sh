#!/usr/bin/env bash
# Makes .venv with exactly the versions of requirements.lock and this project, editable. Called by the Makefile.
# Package sources are this machine's own: whatever pip is configured with is handed on to uv.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { printf 'environment: %s\n  fix: %s\n' "$1" "$2" >&2; exit 1; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

if command -v flock >/dev/null 2>&1; then # two makes at once: the second waits
    exec 9>.venv.lock
    flock 9
fi

if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$(find_python) || fail "no Python >= 3.11 found" "install one, or name it: make PYTHON=/path/to/python3.11"
    "$python" -m venv .venv ||
        fail "$python cannot create a virtual environment" "install its venv module (Debian: apt-get install python3-venv)"
fi

pip=(.venv/bin/python -m pip --disable-pip-version-check --no-input)
uv_pin=$(grep '^uv==' requirements.lock)
setting() { "${pip[@]}" config get "$1" 2>/dev/null || true; }
index=${PIP_INDEX_URL:-$(setting global.index-url)}
more=${PIP_EXTRA_INDEX_URL:-$(setting global.extra-index-url)}
links=${PIP_FIND_LINKS:-$(setting global.find-links)}
certificates=${PIP_CERT:-$(setting global.cert)}
if [ -n "$index" ]; then export UV_DEFAULT_INDEX="$index"; fi
if [ -n "$more" ]; then export UV_INDEX="$more" UV_INDEX_STRATEGY=unsafe-best-match; fi # as pip looks at all of them
if [ -n "$links" ]; then UV_FIND_LINKS=$(echo $links | tr ' ' ','); export UV_FIND_LINKS; fi
if [ -n "$certificates" ]; then export SSL_CERT_FILE="${SSL_CERT_FILE:-$certificates}"; fi
export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 UV_NO_CONFIG=1 VIRTUAL_ENV="$PWD/.venv"
export UV_COMPILE_BYTECODE=1 # once here, so that every start is quick

install() {
    { [ -x .venv/bin/uv ] || "${pip[@]}" install --quiet "$uv_pin"; } && .venv/bin/uv pip install --quiet "$@" && return
    echo "environment: uv could not install, trying pip" >&2
    "${pip[@]}" install --quiet "$@"
}

install -r requirements.lock ||
    fail "packages could not be installed" "check that pip reaches its package index: .venv/bin/python -m pip download six"
install --no-deps --no-build-isolation -e .
touch .venv/.complete
