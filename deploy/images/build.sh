#!/bin/sh
# Builds the images of broker and node with whatever engine is here: podman, docker or buildah.
# Environment: BASE (another base image), TAG, ENGINE, BUILD_OPTIONS (handed to the engine).
set -eu
cd "$(dirname "$0")/../.."
engine=${ENGINE:-$(command -v podman || command -v docker || command -v buildah || true)}
if [ -z "$engine" ]; then
  echo "No container engine is installed. Install podman, docker or buildah; on Debian: sudo apt install podman" >&2
  exit 1
fi
for role in broker node; do
  # shellcheck disable=SC2086 # options are words
  "$engine" build ${BASE:+--build-arg "BASE=$BASE"} ${BUILD_OPTIONS:-} --target "$role" \
    --tag "farplay-$role:${TAG:-latest}" --file deploy/images/Containerfile .
done
