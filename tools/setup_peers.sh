#!/usr/bin/env bash
# The Python peers that tests and comparisons hold pegbox against, into build/venv-peers (5 GB; a few minutes, once).
set -euo pipefail
cd "$(dirname "$0")/.."
readonly done_file=build/peers.done
[ -f "$done_file" ] && [ "$(sha256sum <python/requirements-peers.txt)" = "$(cat "$done_file")" ] && exit 0
free_kib=$(df -Pk . | awk 'NR == 2 {print $4}')
[ "$free_kib" -ge $((12 * 1024 * 1024)) ] || { echo "setup: the Python peers need 12 GiB of disk; $((free_kib / 1024 / 1024)) GiB are free" >&2; exit 1; }
echo "setup: Python peers into build/venv-peers (5 GB)"
python3 -m venv build/venv-peers
build/venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r python/requirements-peers.txt
sha256sum <python/requirements-peers.txt >"$done_file"
