#!/bin/sh
# Removes from a virtual environment what the app never opens: 250 MB of 1.2 GB without TensorFlow.
# A test opens all pages without these files (tests/test_deploy.py).
set -eu
cd "$1"/lib/python3.*/site-packages
find . -type d \( -name tests -o -name __pycache__ \) -prune -exec rm -rf {} +
rm -rf \
    ai_edge_litert/libLiteRtWebGpuAccelerator.so ai_edge_litert/tools ai_edge_litert/vendors \
    plotly/labextension plotly/package_data/widgetbundle.js \
    pyarrow/include pyarrow/*flight* pyarrow/*substrait* \
    pydeck/nbextension \
    skimage/data/*.png skimage/data/*.npy skimage/data/*.npz \
    tensorflow/include
