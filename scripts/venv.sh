#!/bin/sh
# Build (or bring up to date) the virtual environment named by $1 from pyproject.toml: with uv, where need be one that pip brings, else pip.
# PYTHON names an interpreter; without it the newest suitable one on PATH is taken.
set -eu

venv=$1
oldest="3.11"
before="3.15"

suitable() {  # does "$1" start, and is it of a version that Airflow and this package run on?
    "$1" -c "import sys; v = sys.version_info[:2]; sys.exit(not ((3, ${oldest#3.}) <= v < (3, ${before#3.})))" >/dev/null 2>&1
}

can_make_environments() {
    "$1" -c "import venv, ensurepip" >/dev/null 2>&1
}

complain() {
    printf '%s\n' "$@" >&2
    exit 1
}

find_python() {  # a suitable interpreter that can make environments, else any suitable one, else nothing
    fallback=""
    for name in ${PYTHON:-python3.13 python3.12 python3.11 python3.14 python3 python}; do
        suitable "$name" || continue
        if can_make_environments "$name"; then
            printf '%s' "$name"
            return
        fi
        fallback=${fallback:-$name}
    done
    printf '%s' "$fallback"
}

with_uv() {
    command -v uv >/dev/null 2>&1 || return 1
    [ -x "$venv/bin/python" ] || uv venv --quiet --python "${python:->=$oldest,<$before}" "$venv" || return 1
    uv pip install --quiet --python "$venv/bin/python" --editable . --group dev
}

with_pip() {
    [ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear "$venv"
    # uv takes seconds where pip takes minutes. It does not read pip's settings, so an index it cannot reach is no end.
    if "$venv/bin/python" -m pip install --quiet --disable-pip-version-check uv &&
        "$venv/bin/python" -m uv pip install --quiet --python "$venv/bin/python" --editable . --group dev; then
        return
    fi
    # The first pip that knows dependency groups (PEP 735) is 25.1; Python 3.11 and 3.12 come with an older one.
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "pip>=25.1"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable . --group dev
}

if [ -e "$venv" ] && ! suitable "$venv/bin/python"; then
    rm -rf "$venv"  # made by an interpreter that is gone, or in a folder that has moved
fi

python=$(find_python)
if [ -n "${PYTHON:-}" ] && [ -z "$python" ]; then
    complain "PYTHON=$PYTHON does not start or is not Python $oldest or newer (below $before)."
fi

echo "Building $venv from pyproject.toml (about a minute the first time) ..."
if with_uv; then
    exit 0
fi
if [ -z "$python" ]; then
    complain "No Python from $oldest up to (not including) $before found on PATH, and no uv that could fetch one." \
        "Install one (for instance: apt install python3.11 python3.11-venv, or: brew install python@3.12)," \
        "or name one: make PYTHON=/path/to/python3.12 ..."
fi
if ! can_make_environments "$python"; then
    complain "$python cannot make virtual environments: its module ensurepip is missing." \
        "On Debian and Ubuntu: apt install python3-venv. Or install uv, which needs neither."
fi
with_pip
