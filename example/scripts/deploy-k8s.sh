#!/usr/bin/env bash
# Deploys the images that `make push` pushed, from this terminal, just as the workflow does it.
set -euo pipefail
cd "$(dirname "$0")/.."

[ -d "$MANIFESTS/overlays/$ENVIRONMENT" ] || {
  echo "no $MANIFESTS/overlays/$ENVIRONMENT: copy webgen-deploy's manifests/ here, or set MANIFESTS" >&2
  exit 2
}
# Words of a command, so that another place of the program can be named: `node …/dist/cli.js`.
read -ra program <<<"${WEBGEN_DEPLOY:-npx --yes github:org/webgen-deploy}"

# The registry's digest, not the tag: what was pushed is what runs.
reference() {
  local digest
  digest=$("${DOCKER:-docker}" image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$REGISTRY/$1:$TAG" |
    grep -F "$REGISTRY/$1@" | head -n 1)
  echo "${digest:-$REGISTRY/$1:$TAG}"
}

arguments=(
  deploy
  --app ai-creatives
  --environment "$ENVIRONMENT"
  --namespace "$NAMESPACE"
  --manifests "$MANIFESTS/overlays/$ENVIRONMENT"
  --images "backend=$(reference backend)"
  --images "frontend=$(reference frontend)"
)
read -ra more <<<"${DEPLOY_FLAGS:-}"
exec "${program[@]}" "${arguments[@]}" "${more[@]}"
