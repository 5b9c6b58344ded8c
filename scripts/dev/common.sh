# Shared by the scripts: where the repository is, what a build needs, and the words for what is
# missing. Sourced, not run; POSIX sh.

# The folder with Package.swift, upwards from the script that sources this.
# shellcheck disable=SC2034 # for that script
root=$(
    CDPATH='' cd -- "$(dirname -- "$0")" || exit
    while [ ! -f Package.swift ] && [ "$PWD" != / ]; do cd ..; done
    pwd
)

# What the build and the tests use from the system: linear algebra for the reference numbers, the
# run journal's store, the line editor that the REPL opens at run time, and the static libraries of
# regular expressions and of inflating.
packages='libopenblas-dev libreadline-dev libsqlite3-dev libpcre2-dev zlib1g-dev'

say() { printf '%s\n' "$*" >&2; }

stop() {
    say "$@"
    exit 1
}

# A Swift 6 toolchain, or a message that says where to get one.
need_swift() {
    get='Get Swift 6 from https://www.swift.org/install, then run this again.'
    if ! command -v swift >/dev/null 2>&1; then
        # The official installer puts its folder on the PATH of new shells only.
        swiftly=${SWIFTLY_HOME_DIR:-$HOME/.local/share/swiftly}/env.sh
        # shellcheck source=/dev/null
        if [ -r "$swiftly" ]; then . "$swiftly"; fi
    fi
    if ! command -v swift >/dev/null 2>&1; then
        stop "There is no Swift on this machine (no 'swift' on the PATH). $get"
    fi
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1)
    case ${version%%.*} in
        '') stop "'swift --version' does not say which Swift this is. $get" ;;
        [0-5]) stop "Swift $version is too old. $get" ;;
    esac
}

# The packages that are not installed, if this system can tell.
missing_packages() {
    command -v dpkg-query >/dev/null 2>&1 || return 0
    for package in $packages; do
        # shellcheck disable=SC2016 # dpkg-query's own variable, not the shell's
        case $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) in
            *' ok installed') ;;
            *) printf ' %s' "$package" ;;
        esac
    done
    # The package manager of Swift fetches with it.
    command -v git >/dev/null 2>&1 || printf ' git'
}

# Installs what is missing, and only that: as root, else through sudo, else it says what to type.
need_packages() {
    missing=$(missing_packages)
    [ -n "$missing" ] || return 0
    line="apt-get update && apt-get install -y --no-install-recommends$missing"
    if ! command -v apt-get >/dev/null 2>&1; then
        stop "These packages are missing, and there is no apt-get to install them:$missing"
    fi
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            stop "These packages are missing:$missing
Installing them takes root, and there is no sudo here. As root, run:
    $line"
        fi
        as_root=sudo
    fi
    say "Installing:$missing"
    # shellcheck disable=SC2086 # a list of words, made above
    if ! { $as_root apt-get update -qq && \
        $as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends $missing; } >&2; then
        stop "Installing failed. As root, run:
    $line"
    fi
}

# NVIDIA's run-time compiler in the build folder, for the test that compiles the kernels of cards: where pip can
# fetch it. Its package takes 200 MB; without it that test is left out and says so.
need_nvrtc() {
    folder=$root/.build/nvrtc
    if [ -d "$folder/nvidia" ] || ! python3 -m pip --version >/dev/null 2>&1; then return 0; fi
    say 'Fetching NVRTC for the tests'
    mkdir -p "$folder"
    if python3 -m pip download -q --no-deps --only-binary=:all: -d "$folder" nvidia-cuda-nvrtc-cu12==12.9.86 >&2; then
        python3 -m zipfile -e "$folder"/*.whl "$folder"
        rm -f "$folder"/*.whl "$folder"/nvidia/cuda_nvrtc/lib/*.alt.*
    else
        say 'NVRTC cannot be fetched here: the kernels are not compiled.'
        rm -rf "$folder"
    fi
}
