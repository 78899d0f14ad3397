#!/bin/sh
# Checks that every C++ file is formatted as .clang-format says: tools/check_format.sh [CLANG_FORMAT]
set -eu
cd "$(dirname "$0")/.."
clang_format=${1:-build/venv/bin/clang-format}
if ! command -v "$clang_format" >/dev/null; then
  echo "$clang_format: not found; \`make build\` installs it, or name another: tools/check_format.sh clang-format" >&2
  exit 2
fi
find src bench python -type f \( -name '*.h' -o -name '*.cc' \) -print0 | xargs -0 -r "$clang_format" --dry-run -Werror
