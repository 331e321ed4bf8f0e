"""Two sentences for each chart: how to read it, and what it shows for this model."""

from mnist_core.charts.captions.caption import Caption

__all__ = ["Caption"]
