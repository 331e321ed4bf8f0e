"""Import what the app imports, so that Python stores its bytecode; run when an image is built."""

import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What the app's own modules import when they are used.
LATER = (
    "PIL.Image pillow_heif scipy.stats skimage.feature skimage.morphology sklearn.datasets "
    "sklearn.decomposition sklearn.metrics streamlit.web.cli streamlit.web.server uvicorn "
    "tensorflow keras keras_tuner"
)

sys.path.insert(0, str(ROOT))
sys.dont_write_bytecode = False
modules = [
    path.relative_to(ROOT)
    for part in ("mnist_core", "pages")
    for path in (ROOT / part).rglob("*.py")
]
failed = []
for name in (*LATER.split(), *(".".join(module.with_suffix("").parts) for module in modules)):
    # Pages run when they are imported, and what trains needs TensorFlow: their imports are stored.
    try:
        import_module(name.removesuffix(".__init__"))
    except BaseException as error:
        failed.append(f"{name}: {type(error).__name__}")
print(f"{len(sys.modules):,} modules imported. Not imported: {', '.join(failed) or 'none'}")
