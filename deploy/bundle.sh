#!/bin/sh
# Packs the project and all wheels into one archive, for computers without internet:
#
#   sh deploy/bundle.sh PYTHON ARCHIVE [REQUIREMENTS]
#
# The wheels are those of this system and this version of Python.
set -eu
python=$1 archive=$2 requirements=${3:-requirements.txt}
project=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bundle=$work/digit-lab
mkdir "$bundle"
cd "$project"
# Only what git knows: no runs, secrets or caches.
git ls-files -z app.py requirements.txt LICENSE README.md .streamlit deploy docs mnist_core models pages |
    xargs -0 tar -cf - | tar -xf - -C "$bundle"
"$python" -m pip download --quiet --only-binary=:all: --dest "$bundle/wheels" -r "$requirements"
echo "$requirements" > "$bundle/wheels/requirements"
cp deploy/install.sh "$bundle/install.sh"
tar -cf "$archive" -C "$work" digit-lab
echo "$archive: $(du -m "$archive" | cut -f1) MB. On the other computer: tar -xf, then sh digit-lab/install.sh"
