#!/bin/sh
# Start of a container: the models of the image are copied beside those of the volume, then the app runs.
set -eu
mkdir -p "$MNIST_MODELS"
for model in models/*/; do
    name=$(basename "$model")
    # A copy under a hidden name first: another replica may start at the same moment.
    if [ ! -e "$MNIST_MODELS/$name" ]; then
        copy="$MNIST_MODELS/.$name-$(hostname)-$$"
        cp -r "$model" "$copy"
        mv -T -n "$copy" "$MNIST_MODELS/$name" || true
        rm -rf "$copy"
    fi
done
exec "$@"
