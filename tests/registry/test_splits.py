"""The validation images of a model."""

from __future__ import annotations

import numpy as np
import pytest
from support.cards import make_card

from mnist_core import DatasetError
from mnist_core.data import split_training
from mnist_core.registry.splits import splits, validation_indices


def test_splits_of_a_trained_model_is_that_of_its_settings() -> None:
    card = make_card(seed=3, configuration={"validation_fraction": 0.1})
    assert splits(card) == ((3, 0.1),)
    assert (validation_indices(card) == split_training(3, 0.1)[0]).all()


def test_splits_of_a_fine_tuned_model_is_that_of_its_first_training() -> None:
    card = make_card(
        seed=3,
        configuration={"validation_fraction": 0.1},
        fine_tuning={"held_out": {"seed": 7, "fraction": 0.25}},
    )
    assert splits(card) == ((7, 0.25),)


def test_validation_indices_of_an_ensemble_are_those_that_no_member_learned_from() -> None:
    configuration = {"members": ["a", "b"], "splits": [[1, 0.1], [2, 0.2]]}
    card = make_card(architecture="ensemble", configuration=configuration)
    assert splits(card) == ((1, 0.1), (2, 0.2))
    shared = np.intersect1d(split_training(1, 0.1)[0], split_training(2, 0.2)[0])
    assert validation_indices(card).tolist() == shared.tolist()
    assert 1000 < len(shared) < 1400


@pytest.mark.parametrize(
    "changes",
    [
        {"configuration": {}},
        {"configuration": {"validation_fraction": 0}},
        {"configuration": {"validation_fraction": "some"}},
        {"seed": -1, "configuration": {"validation_fraction": 0.1}},
        {"fine_tuning": {"held_out": {"seed": 1}}},
        {"architecture": "ensemble", "configuration": {"members": ["a"]}},
        {"architecture": "ensemble", "configuration": {"members": ["a"], "splits": []}},
        {"architecture": "ensemble", "configuration": {"members": ["a"], "splits": [1]}},
    ],
)
def test_splits_explains_a_card_without_them(changes: dict[str, object]) -> None:
    with pytest.raises(DatasetError, match="Received: model 'mine'"):
        splits(make_card(**changes))
