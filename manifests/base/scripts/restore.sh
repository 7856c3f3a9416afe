#!/usr/bin/env bash
# Restores BACKUP_DIR/RESTORE_FILE into a new database, which takes the live one's place when it is
# whole; the live one stays as <name>_before_restore. A file that is not there yet is awaited for
# WAIT_SECONDS: `make restore-db` sends it.
set -euo pipefail
PGPASSWORD=$(<"$PASSWORD_FILE")
export PGPASSWORD

file=$BACKUP_DIR/$RESTORE_FILE
for ((i = 0; i < ${WAIT_SECONDS:-0}; i++)); do
  [ ! -e "$file" ] || break
  sleep 1
done
[ -f "$file" ] || {
  echo "no $RESTORE_FILE among: $(ls -- "$BACKUP_DIR")" >&2
  exit 1
}
gzip --test <"$file"
gzip -dc <"$file" | tail -n 10 | grep -q '^-- PostgreSQL database dump complete$' || {
  echo "$RESTORE_FILE ends without the dump's closing line: it is not whole" >&2
  exit 1
}

sql() { psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$@"; }
new=${PGDATABASE}_restore
old=${PGDATABASE}_before_restore
sql -d postgres -c "DROP DATABASE IF EXISTS \"$new\" WITH (FORCE)"
sql -d postgres -c "CREATE DATABASE \"$new\""
gzip -dc <"$file" | sql -d "$new" --single-transaction -f - >/dev/null

there=$(sql -d postgres -Atc "SELECT count(*) FROM pg_database WHERE datname = '$PGDATABASE'")
if [ "$there" = 1 ]; then
  sql -d postgres -c "DROP DATABASE IF EXISTS \"$old\" WITH (FORCE)"
  sql -d postgres -c "ALTER DATABASE \"$PGDATABASE\" ALLOW_CONNECTIONS false"
  sql -d postgres -Atc "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$PGDATABASE'" >/dev/null
  sql -d postgres -c "ALTER DATABASE \"$PGDATABASE\" RENAME TO \"$old\""
fi
sql -d postgres -c "ALTER DATABASE \"$new\" RENAME TO \"$PGDATABASE\""
echo "$RESTORE_FILE is $PGDATABASE now"
