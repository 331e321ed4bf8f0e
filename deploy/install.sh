#!/bin/sh
# Installs the app of a bundle (make bundle) from its own wheels; needs Python and no internet:
#
#   sh install.sh [PYTHON]
set -eu
python=${1:-python3}
cd "$(dirname "$0")"
if [ "$(uname -sm)" = "Darwin x86_64" ]; then
    echo "Intel Macs cannot run the app: LiteRT and TensorFlow have no packages for them." >&2
    exit 2
fi
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || {
    echo "Python 3.11, 3.12 or 3.13 is needed. Name it: sh install.sh /path/to/python3" >&2
    exit 2
}
"$python" -m venv .venv
.venv/bin/python -m pip install --quiet --no-index --find-links wheels -r "$(cat wheels/requirements)" || {
    echo "The wheels do not fit $("$python" -V) on $(uname -sm). Make the bundle with the same ones." >&2
    exit 2
}
echo "Installed. Start the app with: cd $(pwd) && .venv/bin/streamlit run app.py"
