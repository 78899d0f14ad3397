#!/usr/bin/env bash
# Configures one of the presets of CMakePresets.json, unless that is done already and the presets are the same.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
[ "build/$preset/build.ninja" -nt CMakePresets.json ] && exit 0
log=build/configure-$preset.log
mkdir -p build
cmake --preset "$preset" -DPEGBOX_CARGO="$(tools/find_cargo.sh)" >"$log" 2>&1 || { tail -n 30 "$log" >&2; echo "configure: cmake failed; see $log" >&2; exit 1; }
touch "build/$preset/build.ninja"
