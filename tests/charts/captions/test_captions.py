"""Each chart has a caption."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from mnist_core import charts
from mnist_core.charts import captions


def modules(package: ModuleType) -> Iterator[ModuleType]:
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(module.name)


def test_each_chart_is_described() -> None:
    functions = [getattr(module, name) for module in modules(charts) for name in module.__all__]
    names = {
        function.__name__
        for function in functions
        if getattr(function, "__annotations__", {}).get("return") == "go.Figure"
    }
    names -= {"new_figure", "styled"}  # parts of charts
    assert len(names) > 20
    described = " ".join(
        str(getattr(module, name).__doc__)
        for module in modules(captions)
        for name in module.__all__
        if name.startswith("describe_")
    )
    assert [name for name in sorted(names) if f"Of `{name}`" not in described] == []
