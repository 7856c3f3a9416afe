#!/usr/bin/env bash
# Fills an empty data folder from the primary, then becomes the standby. The role and the slot are made
# by the first that comes: the slot keeps what a standby that is away still needs.
set -euo pipefail
export PGPASSWORD
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  PGPASSWORD=$(<"$SECRETS/POSTGRES_PASSWORD")
  # By standard input: an argument would show in the list of processes.
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 -h "$PRIMARY_HOST" -U "$POSTGRES_USER" -d "$POSTGRES_DB" <<SQL
\set secret \`cat "$SECRETS/REPLICATION_PASSWORD"\`
SELECT 'CREATE ROLE replicator REPLICATION LOGIN' WHERE NOT EXISTS
  (SELECT FROM pg_roles WHERE rolname = 'replicator') \gexec
SELECT format('ALTER ROLE replicator PASSWORD %L', :'secret') \gexec
SELECT pg_create_physical_replication_slot('replica', true) WHERE NOT EXISTS
  (SELECT FROM pg_replication_slots WHERE slot_name = 'replica') \gset
SQL
  rm -rf -- "${PGDATA:?}.part"
  PGPASSWORD=$(<"$SECRETS/REPLICATION_PASSWORD")
  pg_basebackup -h "$PRIMARY_HOST" -U replicator -D "$PGDATA.part" --wal-method=stream --slot=replica --checkpoint=fast
  touch "$PGDATA.part/standby.signal"
  rm -rf -- "$PGDATA"
  mv -- "$PGDATA.part" "$PGDATA"
fi
# The password of the stream lives in memory only, and is read anew at every start.
umask 077
printf '*:*:*:replicator:%s\n' "$(sed 's/[\\:]/\\&/g' "$SECRETS/REPLICATION_PASSWORD")" >/run/replication/passfile
unset PGPASSWORD
exec postgres -c hba_file=/etc/postgresql/pg_hba.conf -c "listen_addresses=*" \
  -c "primary_conninfo=host=$PRIMARY_HOST user=replicator passfile=/run/replication/passfile application_name=replica" \
  -c primary_slot_name=replica
