#!/usr/bin/env bash
# Build the wheel, install it into an empty environment with the pinned dependencies and use it outside the checkout.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
uv="$root/.venv/bin/uv"
"$uv" build --quiet --wheel --no-build-isolation --python "$root/.venv/bin/python" --out-dir "$place" "$root"
"$uv" venv --quiet --python "$root/.venv/bin/python" "$place/venv"
"$uv" pip install --quiet --python "$place/venv/bin/python" --require-hashes -r "$root/lock/all.txt"
"$uv" pip install --quiet --python "$place/venv/bin/python" --no-deps "$place"/*.whl
cd "$place"
venv/bin/trial --version
venv/bin/trial protocol check digital-samtaler
venv/bin/trial protocol digest digital-samtaler
venv/bin/analysis reproduce nsw-dehejia-wahba
