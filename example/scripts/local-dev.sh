#!/usr/bin/env bash
# The whole system on this machine; ends with the addresses once both answer.
set -euo pipefail
cd "$(dirname "$0")/.."

[ -e .env ] || {
  sed "s/^SECRET_KEY=.*/SECRET_KEY=$(openssl rand -hex 32)/" .env.example >.env
  echo 'made .env from .env.example'
}
if docker compose version >/dev/null 2>&1; then
  compose=(docker compose)
elif command -v docker-compose >/dev/null; then
  compose=(docker-compose)
else
  echo 'this needs Docker with Compose: https://docs.docker.com/compose/install/' >&2
  exit 2
fi

"${compose[@]}" up --build --detach

for address in "http://localhost:${API_PORT:-8000}/health" "http://localhost:${HTTP_PORT:-3000}/"; do
  for ((i = 0; ; i++)); do
    ! curl --fail --silent --show-error --output /dev/null "$address" 2>/dev/null || break
    [ "$i" -lt 120 ] || {
      echo "$address does not answer; the last lines:" >&2
      "${compose[@]}" logs --tail 20 >&2
      exit 1
    }
    sleep 1
  done
  echo "$address answers"
done
echo "stop it with: ${compose[*]} down"
