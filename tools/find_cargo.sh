#!/usr/bin/env bash
# Prints the newest cargo on this machine: the one in PATH, or that of Debian's cargo-web.
set -euo pipefail
best='' best_version=0
for cargo in "$(command -v cargo || true)" "$HOME/.cargo/bin/cargo" /usr/bin/cargo /usr/share/cargo/bin/cargo; do
  [ -x "$cargo" ] || continue
  version=$("$cargo" --version 2>/dev/null | cut -d ' ' -f 2) || continue
  if [ "$(printf '%s\n%s\n' "$version" "$best_version" | sort -V | tail -n 1)" = "$version" ] && [ "$version" != "$best_version" ]; then
    best=$cargo best_version=$version
  fi
done
[ -n "$best" ] || { echo "no cargo found: install rustup's, or Debian's cargo-web and rustc-web" >&2; exit 1; }
echo "$best"
