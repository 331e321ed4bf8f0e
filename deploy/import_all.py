"""Import what the app imports, so that Python stores its bytecode; run when an image is built.

Reading and training are two processes, as in the app itself.
"""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What the app's own modules import when they are used.
PACKAGES = {
    "reading": "PIL.Image pillow_heif scipy.stats skimage.feature skimage.morphology "
    "sklearn.datasets sklearn.decomposition sklearn.metrics streamlit.web.cli "
    "streamlit.web.server uvicorn",
    "training": "tensorflow keras mnist_core.runs.train mnist_core.training.fitting",
}
TRAINING = ("tensorflow", "keras", "optuna")


def main(part: str) -> None:
    """Import the packages of a part; for reading, also all of the app's own modules."""
    sys.path.insert(0, str(ROOT))
    names = PACKAGES[part].split()
    if part == "reading":
        # Python then finds no such module: the imports up to there are stored.
        sys.modules.update(dict.fromkeys(TRAINING))
        for folder in ("mnist_core", "pages"):
            names += [
                ".".join(path.relative_to(ROOT).with_suffix("").parts)
                for path in sorted((ROOT / folder).rglob("*.py"))
                if path.name not in ("__init__.py", "__main__.py")
            ]
    failed = []
    for name in names:
        try:
            import_module(name)
        except (Exception, SystemExit) as error:  # a page runs, or a package is not installed
            failed.append(f"{name} ({type(error).__name__})")
    print(f"{part}: {len(sys.modules):,} modules. Not imported: {', '.join(failed) or 'none'}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(sys.argv[1])
    else:
        for part in PACKAGES:
            subprocess.run([sys.executable, __file__, part], check=True)
