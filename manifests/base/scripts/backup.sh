#!/usr/bin/env bash
# Dumps the database into BACKUP_DIR as gzipped plain SQL. A file that bears its final name is whole:
# it is written beside, checked, and renamed. Old ones go only after a new one is there.
set -euo pipefail
PGPASSWORD=$(<"$PASSWORD_FILE")
export PGPASSWORD

name=backup-$(date -u +%Y%m%d)
[ ! -e "$BACKUP_DIR/$name.sql.gz" ] || name=backup-$(date -u +%Y%m%d-%H%M%S)
part=$BACKUP_DIR/.$name.part
trap 'rm -f -- "$part"' EXIT

pg_dump --no-owner --no-privileges --format=plain | gzip -6 >"$part"

gzip --test <"$part"
gzip -dc <"$part" | tail -n 10 | grep -q '^-- PostgreSQL database dump complete$' || {
  echo "the dump of $PGDATABASE ends without its closing line" >&2
  exit 1
}
sync -- "$part"
mv -- "$part" "$BACKUP_DIR/$name.sql.gz"
echo "$name.sql.gz: $(stat -c %s -- "$BACKUP_DIR/$name.sql.gz") bytes"

find "$BACKUP_DIR" -maxdepth 1 -name 'backup-*.sql.gz' -mtime "+$KEEP_DAYS" -print -delete
