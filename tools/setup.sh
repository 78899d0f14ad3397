#!/usr/bin/env bash
# Everything that a fresh Debian 12 or Ubuntu 24.04 lacks for building pegbox. Does nothing, at once, when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly packages=(
  g++ cmake ninja-build ccache git make pkg-config python3 python3-dev python3-venv
  nlohmann-json3-dev libfmt-dev libexpected-dev libeigen3-dev libnlopt-dev libnlopt-cxx-dev libboost-dev
  libre2-dev libcld2-dev libicu-dev libsqlite3-dev libpq-dev libssl-dev libcli11-dev libyaml-cpp-dev libspdlog-dev libgtest-dev libgmock-dev openssl strace wordnet-base
)
readonly needed_gib=8
readonly rust_minimum=1.85

die() { echo "setup: $*" >&2; exit 1; }

version_at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

rust_is_new_enough() {
  local cargo
  cargo=$(tools/find_cargo.sh 2>/dev/null) || return 1
  version_at_least "$("$cargo" --version | cut -d ' ' -f 2)" "$rust_minimum"
}

# Without a package manager's list of what is installed, dpkg-query is asked once for all.
missing_packages() {
  local wanted=("${packages[@]}")
  rust_is_new_enough || wanted+=(cargo-web rustc-web)
  local installed  # dpkg-query fails where it does not know one of them, and tells of the others all the same
  installed=$({ dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null || true; } | awk '$2 == "installed" {print $1}')
  local package
  for package in "${wanted[@]}"; do
    grep -qx "$package" <<<"$installed" && continue
    case $package in  # a compiler or Python from elsewhere serves as well
      g++|cmake|git|make|python3) command -v "$package" >/dev/null && continue ;;
      ninja-build) command -v ninja >/dev/null && continue ;;
      python3-dev) python3 -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' && continue ;;
      python3-venv) python3 -c 'import ensurepip, venv' 2>/dev/null && continue ;;
    esac
    echo "$package"
  done
}

install_packages() {
  local missing
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -eq 0 ] && return
  local command="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
  command -v apt-get >/dev/null || die "these Debian packages, or what they hold, are missing: ${missing[*]}"
  [ "$(id -u)" -eq 0 ] || die "packages are missing; run this, then the same command again:
  sudo sh -c '$command'"
  echo "setup: installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q >build/apt.log 2>&1 && apt-get install -y -q --no-install-recommends "${missing[@]}" >>build/apt.log 2>&1 ||
    { tail -n 20 build/apt.log >&2; die "apt-get failed; its output is in build/apt.log"; }
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -eq 0 ] || die "apt-get installed no ${missing[*]}; its output is in build/apt.log"
}

check_disk() {
  local free_kib
  free_kib=$(df -Pk . | awk 'NR == 2 {print $4}')
  [ "$free_kib" -ge $((needed_gib * 1024 * 1024)) ] ||
    die "$((free_kib / 1024 / 1024)) GiB are free here and $needed_gib GiB are needed (libtorch 1.3, build 3, demo 1)"
}

check_compiler() {
  local version
  version=$("${CXX:-g++}" -dumpfullversion -dumpversion 2>/dev/null) || die "no C++ compiler: install g++ 12 or later, or set CXX"
  version_at_least "$version" 12 || "${CXX:-g++}" --version | grep -qi clang || die "${CXX:-g++} $version is too old: 12 or later is needed"
}

check_python() {
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || die "$(python3 --version) is too old: 3.11 or later is needed"
}

has_gpu() { [ -e /dev/nvidia0 ] || { command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1; }; }

install_venv() {
  echo "setup: Python packages into build/venv (libtorch: 1.3 GB)"
  python3 -m venv build/venv
  local options=(--quiet --disable-pip-version-check -r python/requirements.txt)
  has_gpu || options+=(--no-deps)
  build/venv/bin/python -m pip install "${options[@]}" || die "pip could not install python/requirements.txt"
}

stamp() { cat tools/setup.sh python/requirements.txt; has_gpu && echo gpu; true; }

mkdir -p build
readonly done_file=build/setup.done
[ -f "$done_file" ] && [ "$(stamp | sha256sum)" = "$(cat "$done_file")" ] && [ -x build/venv/bin/python ] && exit 0
[ -x build/venv/bin/python ] || check_disk
install_packages
check_compiler
check_python
install_venv
stamp | sha256sum >"$done_file"
