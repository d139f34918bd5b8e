#!/bin/sh
# From a fresh clone to a run with one command: makes the environment .env next to this file, once,
# and then hands over to it. Needs a POSIX shell and Python 3.11 or later, nothing else.
set -eu

usage() {
    cat <<'TEXT'
usage: ./bench.sh COMMAND [ARGUMENTS]

  ./bench.sh run            test the built-in simulated meter, or a device: run --device device.toml
  ./bench.sh test           run the tests of the bench itself; arguments go to pytest
  ./bench.sh --help         list all commands

The first call installs the packages of requirements.lock into .env; later calls start at once.
Settings (environment variables):
  METERBENCH_PYTHON         the Python to build .env with, instead of the first fitting one
  PIP_INDEX_URL, PIP_NO_INDEX, PIP_FIND_LINKS, ... and pip.conf
                            where packages come from, as pip documents them
TEXT
}

say() { printf 'bench.sh: %s\n' "$*" >&2; }
die() { say "$@"; exit 4; }

# The folder of this file, also when called through a symbolic link.
find_home() {
    self=$0
    while [ -h "$self" ]; do
        link=$(readlink "$self")
        case $link in
            /*) self=$link ;;
            *) self=$(dirname "$self")/$link ;;
        esac
    done
    cd -P "$(dirname "$self")" && pwd
}

# The first Python that is recent enough and, for pip, able to make an environment with pip in it.
find_python() {
    lacking='' old=''
    for candidate in ${METERBENCH_PYTHON:+"$METERBENCH_PYTHON"} \
        ${METERBENCH_PYTHON:-python3.13 python3.12 python3.11 python3}; do
        version=$("$candidate" -I -c 'import sys; print("%d.%d" % sys.version_info[:2])' \
            2>/dev/null) || continue
        case $version in
            2.* | 3.? | 3.10) old="$old $candidate ($version)"; continue ;;
        esac
        if [ -n "$uv" ] || "$candidate" -I -c 'import ensurepip, venv' 2>/dev/null; then
            python=$(command -v "$candidate")
            return
        fi
        lacking=${lacking:-$version}
    done
    if [ -n "$lacking" ]; then
        die "Python $lacking is here, but its venv module is not complete." \
            "On Debian or Ubuntu: apt-get install python$lacking-venv"
    fi
    die "no Python 3.11 or later found${old:+; too old:$old}." \
        "On Debian or Ubuntu: apt-get install python3 python3-venv;" \
        "a Python elsewhere: METERBENCH_PYTHON=/path/to/python3 ./bench.sh ..."
}

# uv is faster than pip, but does not read pip's settings; where a lab has made some, pip it is.
find_uv() {
    uv=''
    command -v uv >/dev/null 2>&1 || return 0
    settings='INDEX_URL|EXTRA_INDEX_URL|NO_INDEX|FIND_LINKS|CONFIG_FILE|PROXY|CERT|CLIENT_CERT|TRUSTED_HOST'
    ! env | grep -qE "^PIP_($settings)=" || return 0
    for file in /etc/pip.conf /etc/xdg/pip/pip.conf "${HOME:-/}/.pip/pip.conf" \
        "${XDG_CONFIG_HOME:-${HOME:-/}/.config}/pip/pip.conf" \
        "${HOME:-/}/Library/Application Support/pip/pip.conf"; do
        [ ! -e "$file" ] || return 0
    done
    uv=uv
}

# What .env was made from: interpreter, place (scripts contain it), lock file, project file.
fingerprint() {
    "$env/bin/python" -I -S -c '
import hashlib, sys
made_of = hashlib.sha256("\0".join([sys.version, sys.base_prefix, *sys.argv[1:]]).encode())
for name in sys.argv[1:]:
    with open(name, "rb") as file:
        made_of.update(file.read())
print(made_of.hexdigest())' "$home/requirements.lock" "$home/pyproject.toml" 2>/dev/null
}

ready() {
    [ -f "$stamp" ] && [ -x "$env/bin/meterbench" ] || return 1
    read -r made_of <"$stamp" || return 1
    [ "$made_of" = "$(fingerprint)" ]
}

install_with_uv() {
    uv venv --quiet --python "$python" "$env" &&
        uv pip install --quiet --python "$env/bin/python" \
            --require-hashes -r "$home/requirements.lock" &&
        uv pip install --quiet --python "$env/bin/python" \
            --no-deps --no-build-isolation -e "$home"
}

install_with_pip() {
    "$python" -I -m venv "$env" &&
        "$env/bin/python" -m pip install --quiet \
            --require-hashes -r "$home/requirements.lock" &&
        PIP_REQUIRE_HASHES=0 "$env/bin/python" -m pip install --quiet \
            --no-deps --no-build-isolation -e "$home"
}

set_up() (
    [ -w "$home" ] || die "$home/.env is missing or out of date, and the folder is read-only"
    find_uv
    find_python
    # One set-up at a time. The kernel drops this lock with the process, however that ends.
    exec 9>>"$home/.env.lock"
    "$python" -I -c '
import fcntl, sys
try:
    fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("bench.sh: another set-up is under way, waiting for it", file=sys.stderr)
    fcntl.flock(9, fcntl.LOCK_EX)'
    ! ready || exit 0
    say "setting up $env with $python (Python $version), once; about a minute"
    # Settings that would send the packages somewhere else than into .env.
    unset PIP_TARGET PIP_PREFIX PIP_ROOT PIP_REQUIREMENT PIP_CONSTRAINT PIP_EDITABLE PIP_PYTHON \
        PIP_DRY_RUN PIP_IGNORE_INSTALLED VIRTUAL_ENV
    export UV_PYTHON_DOWNLOADS=never PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1
    rm -rf "$env"
    if [ -n "$uv" ] && ! install_with_uv; then
        say "uv did not manage; trying pip"
        rm -rf "$env"
        uv=''
        find_python
    fi
    if [ -z "$uv" ]; then
        install_with_pip || die "the packages could not be installed (see above)." \
            "Without a connection: PIP_NO_INDEX=1 PIP_FIND_LINKS=folder-of-wheels ./bench.sh ..."
    fi
    fingerprint >"$stamp.new"
    mv "$stamp.new" "$stamp"
    say "ready"
) >&2 </dev/null

case ${1-} in
    '') usage >&2; exit 2 ;;
    help) usage; exit 0 ;;
esac

unset CDPATH PYTHONPATH PYTHONHOME
home=$(find_home)
env=$home/.env
stamp=$env/meterbench-stamp
ready || set_up

if [ "$1" = test ]; then
    shift
    cd "$home"
    exec "$env/bin/python" -m pytest "$@"
fi
exec "$env/bin/meterbench" "$@"
