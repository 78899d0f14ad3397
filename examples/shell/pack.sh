#!/bin/sh
# Packs 100,000 lines of numbers with a tool at a level, and prints how large that is and how long it took.
set -eu
begun=$(date +%s%N)
bytes=$(seq 100000 | "$1" "-$2" -c | wc -c)
echo "bytes: $bytes"
echo "seconds: $(awk "BEGIN {print ($(date +%s%N) - $begun) / 1e9}")"
