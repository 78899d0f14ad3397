#!/usr/bin/env bash
# Installs the programs under a prefix; they need neither this clone nor its build folder afterwards.
set -euo pipefail
cd "$(dirname "$0")/.."
prefix=${1:?usage: tools/install.sh PREFIX}
mkdir -p "$prefix" 2>/dev/null && [ -w "$prefix" ] || { echo "install: $prefix cannot be written; choose another: make install PREFIX=\$HOME/.local" >&2; exit 2; }
cmake --install build/release --prefix "$prefix" >build/install.log || { tail -n 20 build/install.log >&2; exit 1; }
"$prefix/bin/pegbox" --version
echo "installed in $prefix/bin; add it to PATH if it is not there"
