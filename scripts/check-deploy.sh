#!/usr/bin/env bash
# Checks the files of deploy/ with the tools of those who read them. A tool that is not there and cannot be installed is
# skipped, loudly.
set -euo pipefail
cd "$(dirname "$0")/.."

PATH="$PATH:$HOME/go/bin"
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT

# have TOOL INSTALL...: whether a tool is there, after trying to install it where it is not.
have() {
  local tool=$1
  shift
  command -v "$tool" > /dev/null && return 0
  "$@" > /dev/null 2>&1 || true
  command -v "$tool" > /dev/null && return 0
  echo "SKIPPED: $tool is not here ($*)" >&2
  return 1
}

install_promtool() {
  # Only the tool of Debian's package: the server must not start.
  (cd "$built" && apt-get download -qq prometheus && dpkg -x prometheus_*.deb prometheus &&
    install -D prometheus/usr/bin/promtool "$HOME/go/bin/promtool")
}

if have promtool install_promtool; then
  promtool check rules deploy/prometheus/suho.rules.yml
  promtool test rules deploy/prometheus/suho.rules.test.yml
fi

if have kustomize go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1; then
  for overlay in base overlays/production overlays/canary; do
    kustomize build "deploy/kubernetes/$overlay" > "$built/${overlay##*/}.yaml"
  done
  # The schemas are in the package, so it needs no network.
  if have kubernetes-validate python3 -m pip install -q --break-system-packages kubernetes-validate; then
    for file in "$built"/*.yaml; do kubernetes-validate --strict "$file"; done
  fi
fi

if docker compose version > /dev/null 2>&1; then
  docker compose -f deploy/compose.yaml --env-file <(sed 's/=$/=x/' deploy/.env.example) --profile monitoring config --quiet
else
  echo 'SKIPPED: docker compose is not here' >&2
fi

if command -v systemd-analyze > /dev/null; then
  sed 's#^ExecStart=[^ ]*#ExecStart=/bin/true#' deploy/systemd/suho.service > "$built/suho.service"
  systemd-analyze verify "$built/suho.service"
fi
