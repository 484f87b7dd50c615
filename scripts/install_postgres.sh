#!/usr/bin/env bash
# Bring PostgreSQL's server binaries for the tests where they are missing. Starts nothing and configures nothing:
# the tests make a server of their own. Without root the machine's own package is asked for, in words.
set -euo pipefail
if compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null; then exit 0; fi
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null
else
  echo "PostgreSQL is not installed; its tests will be skipped. Mend: install the package 'postgresql'." >&2
fi
