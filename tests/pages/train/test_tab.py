"""The form of the Train tab, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from support.apps import run_script, texts
from support.frames import make_correction

from mnist_core import TrainingConfig
from mnist_core.corrections.store import CorrectionStore
from mnist_core.networks.architectures import get_architecture
from mnist_core.runs.store import list_runs

pytestmark = pytest.mark.usefixtures("runs", "mine")
SHOW = "from pages.train import tab; tab.show()"


def open_form(network: str) -> AppTest:
    """The tab with this network chosen."""
    app = run_script(SHOW)
    app.segmented_control(key="train_architecture").set_value(network).run()
    return app


def test_form_starts_with_a_quick_training_of_the_cnn(started: list[TrainingConfig]) -> None:
    app = run_script(SHOW)
    assert "cnn, at most 1 epoch, learning rate" in texts(app, "caption")
    app.button(key="train_start").click().run()
    assert not app.exception
    expected = TrainingConfig(
        architecture="cnn",
        name="my-cnn-1",
        **get_architecture("cnn").quick,
    )
    assert [config.resolved() for config in started] == [expected.resolved()]


def test_form_starts_with_the_defaults_of_the_network(started: list[TrainingConfig]) -> None:
    app = open_form("mlp")
    assert "No training is running" in texts(app, "caption")
    assert app.text_input(key="train_name_mlp").value == "my-mlp-1"
    app.button(key="train_start").click().run()
    assert not app.exception
    expected = TrainingConfig(architecture="mlp", name="my-mlp-1", epochs=3, target_accuracy=0.99)
    assert [config.resolved() for config in started] == [expected.resolved()]
    # The run is shown at once, and the next one gets another name.
    assert "Training my-mlp-1" in texts(app, "header")
    assert app.text_input(key="train_name_mlp").value == "my-mlp-2"


@pytest.mark.parametrize("kind", ["cnn", "champion"])
def test_form_defaults_of_another_network(kind: str, started: list[TrainingConfig]) -> None:
    app = run_script(SHOW)
    app.segmented_control(key="train_architecture").set_value(kind).run()
    app.segmented_control(key=f"train_length_{kind}").set_value("full").run()
    app.button(key="train_start").click().run()
    assert not app.exception
    expected = TrainingConfig(architecture=kind, name=f"my-{kind}-1")
    assert [config.resolved() for config in started] == [expected.resolved()]


def test_form_passes_every_setting_to_the_run(started: list[TrainingConfig]) -> None:
    app = open_form("mlp")
    app.text_input(key="train_name_mlp").set_value("other")
    app.number_input(key="train_epochs_mlp_quick").set_value(7)
    app.select_slider(key="train_batch_mlp_quick").set_value(256)
    app.text_input(key="train_rate_mlp_quick").set_value("0,01")
    app.selectbox(key="train_schedule_mlp_quick").set_value("cosine")
    app.selectbox(key="train_optimizer_mlp_quick").set_value("sgd")
    app.select_slider(key="train_images_mlp_quick").set_value(500)
    app.number_input(key="train_seed").set_value(5)
    app.slider(key="train_augmentation_mlp_quick").set_value(0.5)
    app.select_slider(key="train_dropout_mlp_quick").set_value(0.25)
    app.number_input(key="train_patience_mlp_quick").set_value(3)
    app.text_input(key="train_target_mlp_quick").set_value("0.95")
    app.slider(key="train_held_out").set_value(0.2)
    app.selectbox(key="train_initial_mlp").set_value("mine").run()
    app.checkbox(key="train_mixed_mlp_tuned").set_value(True)
    app.button(key="train_start").click().run()
    assert not app.exception
    assert started == [
        TrainingConfig(
            architecture="mlp", name="other", epochs=7, batch_size=256, learning_rate=0.01,
            schedule="cosine", optimizer="sgd", seed=5, augmentation=0.5, dropout=0.25, patience=3,
            target_accuracy=0.95, validation_fraction=0.2, initial_model="mine",
            mixed_precision=True, training_images=500,
        )
    ]  # fmt: skip


def test_mixed_precision_default(
    started: list[TrainingConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a processor with bfloat16, unless an initial model is chosen."""
    monkeypatch.setattr("mnist_core.training.config.multiplies_bfloat16", lambda: True)
    app = run_script(SHOW)
    app.segmented_control(key="train_architecture").set_value("cnn").run()
    assert app.checkbox(key="train_mixed_cnn").value is True
    app.selectbox(key="train_initial_cnn").set_value("cnn").run()
    app.button(key="train_start").click().run()
    assert not app.exception
    assert [(run.initial_model, run.mixed_precision) for run in started] == [("cnn", False)]


@pytest.mark.parametrize("name", ["../x", "My model", "a/b", "é", ".hidden"])
def test_invalid_name_shows_an_error(name: str, started: list[TrainingConfig]) -> None:
    app = open_form("mlp")
    app.text_input(key="train_name_mlp").set_value(name).run()
    app.button(key="train_start").click().run()
    assert not app.exception
    assert "name is 1 to 40 characters" in app.error[0].value
    assert started == []


def test_existing_model_is_replaced_only_on_request(started: list[TrainingConfig]) -> None:
    app = open_form("mlp")
    app.text_input(key="train_name_mlp").set_value("mine").run()
    app.button(key="train_start").click().run()
    assert "already exists" in app.error[0].value
    assert list_runs() == []
    app.checkbox(key="train_overwrite_mine").set_value(True)
    app.button(key="train_start").click().run()
    assert not app.error
    assert started[-1].overwrite


def test_corrections_can_be_included(
    started: list[TrainingConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_CORRECTIONS", str(tmp_path / "corrections.sqlite3"))
    app = run_script(SHOW)
    assert app.checkbox(key="train_corrections").disabled
    CorrectionStore().add(make_correction())
    app = run_script(SHOW)
    box = app.checkbox(key="train_corrections")
    assert not box.disabled
    assert "(1)" in box.label
    box.set_value(True).run()
    app.button(key="train_start").click().run()
    assert not app.exception
    assert started[0].include_corrections


def test_model_is_fine_tuned_on_corrections(
    started: list[TrainingConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_CORRECTIONS", str(tmp_path / "corrections.sqlite3"))
    assert not [button for button in run_script(SHOW).button if button.key == "teach"]
    CorrectionStore().add(make_correction(1))
    app = run_script(SHOW)
    app.selectbox("teach_model").set_value("cnn")
    app.button("teach").click().run()
    assert not app.exception
    (config,) = started
    assert (config.architecture, config.initial_model, config.name) == ("cnn", "cnn", "my-cnn-1")
    assert config.include_corrections
    assert config.resolved().epochs == 1


@pytest.mark.parametrize(
    ("typed", "rate"), [("0,5", 0.5), ("0.002", 0.002), ("0,05x", None), ("2", None), ("", None)]
)
def test_start_trains_with_the_learning_rate_that_it_names_or_not_at_all(
    typed: str, rate: float | None, started: list[TrainingConfig]
) -> None:
    app = open_form("mlp")
    app.text_input(key="train_rate_mlp_quick").set_value(typed).run()
    app.button(key="train_start").click().run()
    assert not app.exception
    assert [config.learning_rate for config in started] == ([] if rate is None else [rate])
    said = [caption.value for caption in app.caption if "learning rate" in caption.value]
    assert [text.endswith(f"learning rate {rate:g}") for text in said] == [True] * len(started)
    assert ["the learning rate" in error.value for error in app.error[1:]] == [True] * (
        rate is None
    )


def test_nearly_full_disk_is_said_before_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnist_core.storage.limits.free_bytes", lambda folder: 15 * 10**8)
    assert any("1.5 GB are free" in one.value for one in run_script(SHOW).warning)
