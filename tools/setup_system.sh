#!/usr/bin/env bash
# What `make test-system` needs besides: the programs of a PostgreSQL server. The tests start one of their own; the machine gets none.
set -euo pipefail
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
  echo "setup: no PostgreSQL server is installed; run this as root, then the same command again: tools/setup_system.sh" >&2
  exit 1
fi
echo "setup: installing postgresql, without a server that starts with the machine"
export DEBIAN_FRONTEND=noninteractive
readonly settings=/etc/postgresql-common/createcluster.d
apt-get update -q >/dev/null
apt-get install -y -q --no-install-recommends postgresql-common >/dev/null
mkdir -p "$settings"
echo 'create_main_cluster = false' >"$settings/no_main_cluster.conf"
apt-get install -y -q --no-install-recommends postgresql >/dev/null
rm "$settings/no_main_cluster.conf"
