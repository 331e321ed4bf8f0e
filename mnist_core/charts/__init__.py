"""Data to Plotly figures. The numbers are computed elsewhere."""

from mnist_core.charts.comparison import accuracy_intervals, difference_intervals
from mnist_core.charts.curves import precision_recall_curves, roc_curves
from mnist_core.charts.embedding_map import braille, map_figure
from mnist_core.charts.evaluation import (
    class_bars,
    confidence_bars,
    confusion_matrix,
    coverage_curves,
    reliability_diagram,
)
from mnist_core.charts.explanation import evidence_map, heat_over, layer_tiles, perturbation_image
from mnist_core.charts.network import network_drawing
from mnist_core.charts.probabilities import probability_bars
from mnist_core.charts.robustness import corruption_heat_map, sweep_curves
from mnist_core.charts.training import compared_curves, history_curves, training_curves
from mnist_core.charts.tuning import importance_bars, parallel_coordinates

__all__ = [
    "accuracy_intervals",
    "braille",
    "class_bars",
    "compared_curves",
    "confidence_bars",
    "confusion_matrix",
    "corruption_heat_map",
    "coverage_curves",
    "difference_intervals",
    "evidence_map",
    "heat_over",
    "history_curves",
    "importance_bars",
    "layer_tiles",
    "map_figure",
    "network_drawing",
    "parallel_coordinates",
    "perturbation_image",
    "precision_recall_curves",
    "probability_bars",
    "reliability_diagram",
    "roc_curves",
    "sweep_curves",
    "training_curves",
]
