#!/usr/bin/env bash
# Backup, restore and migration by hand, with kubectl's current context: an administrator's work, since
# the deployer may not exec. NAMESPACE and MANIFESTS come from the Makefile.
set -euo pipefail
cd "$(dirname "$0")/.."
k() { "${KUBECTL:-kubectl}" --namespace "$NAMESPACE" "$@"; }

closing_line='^-- PostgreSQL database dump complete$'
whole() { gzip --test <"$1" && gzip -dc <"$1" | tail -n 10 | grep -q "$closing_line"; }

# Runs a Job to its end and shows its log; fails when the Job does.
finish() {
  local job=$1 seconds=${2:-600} state=
  for ((i = 0; i < seconds; i++)); do
    state=$(k get job "$job" --output 'jsonpath={.status.conditions[?(@.status=="True")].type}')
    case $state in
      *Complete*) k logs "job/$job" --tail 20 && return ;;
      *Failed*) break ;;
    esac
    sleep 1
  done
  k logs "job/$job" --tail 40 >&2 || true
  echo "Job $job: ${state:-not done after $seconds s}" >&2
  return 1
}

# Waits until the Job's pod runs.
running() {
  local phase=
  for ((i = 0; i < 180; i++)); do
    phase=$(k get pods --selector "job-name=$1" --output 'jsonpath={.items[*].status.phase}')
    [ "$phase" != Running ] || return 0
    sleep 1
  done
  echo "the pod of Job $1 does not run: ${phase:-there is none}" >&2
  return 1
}

backup() {
  mkdir -p backups
  # Not local: the trap runs when the function is over.
  file=backups/backup-$(date -u +%Y%m%d-%H%M%S).sql.gz
  trap 'rm -f -- "$file.part"' EXIT
  # shellcheck disable=SC2016 # the variables are the container's
  k exec statefulset/postgres --container postgres -- bash -euo pipefail -c \
    'pg_dump --no-owner --no-privileges -U "$POSTGRES_USER" "$POSTGRES_DB" | gzip -6' >"$file.part"
  whole "$file.part" || {
    echo 'the dump is not whole; nothing was kept' >&2
    return 1
  }
  mv -- "$file.part" "$file"
  echo "$file: $(stat -c %s -- "$file") bytes"
}

restore() {
  local file=$1 name
  [ -n "$file" ] || {
    echo 'which one? make restore-db FILE=backups/backup-….sql.gz (a file here, or a name on the backup claim)' >&2
    return 2
  }
  name=$(basename -- "$file")
  [[ $name =~ ^[A-Za-z0-9._-]+\.sql\.gz$ ]] || {
    echo "$name: not the name of a .sql.gz file" >&2
    return 2
  }
  if [ -e "$file" ]; then whole "$file" || {
    echo "$file is not whole: it lacks the dump's closing line" >&2
    return 1
  }; fi
  k delete job postgres-restore --ignore-not-found --wait
  # The image of the live server, whatever base it came from.
  local image
  image=$(k get statefulset postgres --output 'jsonpath={.spec.template.spec.containers[0].image}')
  "${KUBECTL:-kubectl}" kustomize "$MANIFESTS/jobs/restore" |
    sed -E -e "s|RESTORE_FILE_NAME|$name|" -e "s|^( +image: ).*|\1$image|" |
    k apply --filename - >/dev/null
  if [ -e "$file" ]; then
    running postgres-restore
    # shellcheck disable=SC2016 # the variables are the container's
    k exec --stdin job/postgres-restore -- bash -c \
      'cat >"/backups/.$1.sent" && mv -- "/backups/.$1.sent" "/backups/$1"' _ "$name" <"$file"
  fi
  finish postgres-restore
}

migrate() {
  local image
  image=$(k get deployment backend --output 'jsonpath={.spec.template.spec.containers[0].image}')
  k delete job migrate-by-hand --ignore-not-found --wait
  "${KUBECTL:-kubectl}" kustomize "$MANIFESTS/base" |
    awk 'BEGIN { RS = "---\n" } /\nkind: Job\n/' |
    sed -E -e "s|^( +image: ).*|\1$image|" -e 's|^  name: migrate$|  name: migrate-by-hand|' |
    k apply --filename - >/dev/null
  finish migrate-by-hand
}

case ${1:-} in
  backup) backup ;;
  restore) restore "${2:-}" ;;
  migrate) migrate ;;
  *)
    echo 'usage: database.sh backup | restore FILE | migrate' >&2
    exit 2
    ;;
esac
