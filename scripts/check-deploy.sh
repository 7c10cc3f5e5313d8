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

# The version of Kubernetes that the manifests are checked against.
kubernetes=1.34.0

# The schemas that kubeconform would read from the internet, out of a package that has them: there they refer to each other by
# an address, here as files beside each other.
fetch_schemas() {
  python3 -m pip download -q --no-deps -d "$built" kubernetes-validate==1.37.0 && python3 - "$built" "$kubernetes" << 'END' && return 0
import glob, json, os, sys, zipfile
built, version = sys.argv[1:]
os.mkdir(f'{built}/schemas')
with zipfile.ZipFile(glob.glob(f'{built}/kubernetes_validate-*.whl')[0]) as package:
    for name in package.namelist():
        if f'/v{version}-local-strict/' in name:
            schema = json.loads(package.read(name).replace(b'"/api/_definitions.json#', b'"_definitions.json#'))
            schema.pop('$id', None)
            with open(f'{built}/schemas/{os.path.basename(name)}', 'w') as file:
                json.dump(schema, file)
END
  echo 'SKIPPED: kubeconform has no schemas (pip download kubernetes-validate)' >&2
  return 1
}

if have promtool install_promtool; then
  promtool check rules deploy/prometheus/suho.rules.yml
  promtool test rules deploy/prometheus/suho.rules.test.yml
fi

if have kustomize go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1; then
  for overlay in base overlays/production overlays/canary; do
    kustomize build "deploy/kubernetes/$overlay" > "$built/${overlay##*/}.yaml"
  done
  if have kubeconform go install github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0 && fetch_schemas; then
    kubeconform -strict -summary -kubernetes-version "$kubernetes" \
      -schema-location "$built/schemas/{{.ResourceKind}}{{.KindSuffix}}.json" "$built"/*.yaml
    # A check that finds nothing wrong with anything is none.
    sed 's/serviceName:/servceName:/' "$built/base.yaml" > "$built/wrong.yml"
    if kubeconform -strict -kubernetes-version "$kubernetes" \
      -schema-location "$built/schemas/{{.ResourceKind}}{{.KindSuffix}}.json" "$built/wrong.yml" > /dev/null; then
      echo 'kubeconform took a misspelt field' >&2
      exit 1
    fi
  fi
fi

if docker compose version > /dev/null 2>&1; then
  docker compose -f deploy/compose.yaml --env-file <(sed 's/=$/=x/' deploy/.env.example) --profile monitoring config --quiet
else
  echo 'SKIPPED: docker compose is not here' >&2
fi

if command -v systemd-analyze > /dev/null; then
  sed "s#/opt/suho/#$PWD/#" deploy/systemd/suho.service > "$built/suho.service"
  systemd-analyze verify "$built/suho.service"
fi
