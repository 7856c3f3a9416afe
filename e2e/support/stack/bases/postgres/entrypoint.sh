#!/usr/bin/env bash
# What the stack needs of the official image's entry point: flags mean the server, and an empty data
# folder becomes a cluster with POSTGRES_USER, POSTGRES_PASSWORD (or its _FILE) and POSTGRES_DB.
set -euo pipefail
[ "${1:0:1}" != - ] || set -- postgres "$@"
[ "$1" = postgres ] || exec "$@"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  user=${POSTGRES_USER:-postgres}
  password=${POSTGRES_PASSWORD:-$(<"${POSTGRES_PASSWORD_FILE:?no password for the first start}")}
  initdb -D "$PGDATA" -U "$user" --auth-local=trust --auth-host=scram-sha-256 \
    --pwfile=<(printf '%s\n' "$password")
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start
  if [ "${POSTGRES_DB:-$user}" != postgres ]; then createdb -U "$user" "${POSTGRES_DB:-$user}"; fi
  pg_ctl -D "$PGDATA" -m fast -w stop
fi
exec "$@"
