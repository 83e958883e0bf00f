#!/usr/bin/env bash
# Renew the two locks from pyproject.toml; needs uv (https://docs.astral.sh/uv/). They hold versions and hashes, no addresses.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
options=(--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet)
uv pip compile ../pyproject.toml --extra parquet --group ../pyproject.toml:build "${options[@]}" -o requirements-build.txt
uv pip compile ../pyproject.toml --extra all --group ../pyproject.toml:test "${options[@]}" -c requirements-build.txt -o requirements-test.txt
