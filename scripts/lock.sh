#!/usr/bin/env bash
# Renew the three locks, two of them from pyproject.toml; needs uv (https://docs.astral.sh/uv/). They hold versions and hashes, no addresses.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
options=(--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet)
uv pip compile ../pyproject.toml --extra parquet --group ../pyproject.toml:build "${options[@]}" -o requirements-build.txt
uv pip compile ../pyproject.toml --extra all --group ../pyproject.toml:test "${options[@]}" -c requirements-build.txt -o requirements-test.txt
# Label Studio's server does not go together with statevisit's packages: it has an environment and a lock of its own.
echo "label-studio==1.23.2" | uv pip compile - "${options[@]}" -o ../src/statevisit/labelstudio/server.txt
