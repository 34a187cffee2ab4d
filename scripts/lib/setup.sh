# Sourced by the commands in scripts/: installs what is missing, says what, and asks nothing.
# What is there is left alone; a machine that has everything is not touched.

say() { printf '%s\n' "== $*" >&2; }
die() { printf '%s\n' "!! $*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif have sudo; then sudo "$@"
    else die "this needs root, and there is no sudo: run as root: $*"
    fi
}

# install DEBIAN FEDORA HOMEBREW: package names for each system, "-" where there is none to install
install() {
    local debian=$1 fedora=$2 homebrew=$3
    if have apt-get; then
        [ "$debian" = - ] && return
        say "installing with apt-get: $debian"
        # shellcheck disable=SC2086 # several packages
        as_root apt-get install -y -q --no-install-recommends $debian >/dev/null 2>&1 || {
            as_root apt-get update -q >/dev/null
            # shellcheck disable=SC2086
            as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $debian >/dev/null
        }
    elif have dnf; then
        [ "$fedora" = - ] && return
        say "installing with dnf: $fedora"
        # shellcheck disable=SC2086
        as_root dnf install -y -q $fedora
    elif have brew; then
        [ "$homebrew" = - ] && return
        say "installing with brew: $homebrew"
        # shellcheck disable=SC2086
        brew install --quiet $homebrew
    else
        die "no apt-get, dnf or brew here: install these yourself, then run this again: $debian"
    fi
}

need_rust() {
    have cargo || die "Rust is missing: install it with rustup (https://rustup.rs), then run this again"
    have cc || have gcc || have clang || install gcc gcc -
}

# What the default features build against.
need_libraries() {
    have pkg-config || install pkg-config pkgconf-pkg-config pkgconf
    if [ -z "${HDF5_DIR:-}" ] && ! pkg-config --exists hdf5 2>/dev/null && ! pkg-config --exists hdf5-serial 2>/dev/null; then
        install libhdf5-dev hdf5-devel hdf5
    fi
}

# need_python REQUIREMENTS [PACKAGE...]: a Python of our own with other people's libraries, in .venv
need_python() {
    local requirements=$1 stamp
    shift
    have python3 || install python3 python3 python3
    if [ ! -x .venv/bin/python ]; then
        # A half-made environment (ensurepip missing) is made again.
        python3 -m venv .venv >/dev/null 2>&1 || {
            rm -rf .venv
            install python3-venv - -
            python3 -m venv .venv
        }
    fi
    # One stamp for each list; what several lists name is installed once.
    stamp=.venv/$(printf %s "$requirements" | tr / -).installed
    if [ $# -gt 0 ] || ! cmp -s "$requirements" "$stamp"; then
        say "installing into .venv: $(tr '\n' ' ' <"$requirements")$*"
        .venv/bin/python -m pip install -q --disable-pip-version-check -r "$requirements" "$@"
        cp "$requirements" "$stamp"
    fi
}

# need_python_alone PACKAGE==VERSION: into the same .venv, without what it asks for
need_python_alone() {
    local stamp=.venv/alone-$1.installed
    if [ ! -f "$stamp" ]; then
        say "installing into .venv, alone: $1"
        .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps "$1"
        touch "$stamp"
    fi
}

chromium_on_path() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

# A browser that can be run without a screen, as $CHROMIUM; where none can be had, that stays empty, and why has been said.
need_chromium() {
    local mac="/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    CHROMIUM=${CHROMIUM:-$(chromium_on_path || true)}
    if [ -z "$CHROMIUM" ] && [ -x "$mac" ]; then CHROMIUM=$mac; fi
    if [ -z "$CHROMIUM" ]; then
        # In a shell of its own: what needs it can be left out, so failing to install it ends nothing.
        (install "chromium fonts-dejavu-core" "chromium dejavu-sans-fonts" -) || say "chromium could not be installed"
        CHROMIUM=$(chromium_on_path || true)
    fi
    # Ubuntu's package is a shell script that asks for snap.
    if [ -n "$CHROMIUM" ] && ! "$CHROMIUM" --version >/dev/null 2>&1; then
        say "$CHROMIUM is there, but does not start"
        CHROMIUM=
    fi
    export CHROMIUM
}
