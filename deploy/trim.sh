#!/bin/sh
# Removes from a virtual environment what the app never opens, and symbols for debuggers: a third of
# the packages without TensorFlow. tests/test_deploy.py opens all pages in what is left.
set -eu
cd "$1"/lib/python3.*/site-packages
find . -type d \( -name tests -o -name __pycache__ \) -prune -exec rm -rf {} +
rm -rf \
    ai_edge_litert/libLiteRtWebGpuAccelerator.so ai_edge_litert/tools ai_edge_litert/vendors \
    plotly/labextension plotly/package_data/widgetbundle.js \
    pyarrow/include pyarrow/*flight* pyarrow/*s3* \
    pydeck/nbextension \
    skimage/data/*.png skimage/data/*.npy skimage/data/*.npz \
    tensorflow/include
# Not TensorFlow and not the *.libs folders: stripping libraries that were patched can damage them.
find PIL ai_edge_litert av cryptography numpy pandas pyarrow scipy skimage sklearn \
    -name '*.so*' -type f -exec strip --strip-unneeded {} +
