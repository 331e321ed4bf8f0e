"""The machines of a training that runs on several."""

from __future__ import annotations

import json

import pytest

from mnist_core.distributed.cluster import Cluster
from mnist_core.errors import TrainingError

WORKERS = ["192.168.0.1:2222", "trainer-2.example.org:2222", "[fe80::1]:2222"]


def config(workers: object = WORKERS, kind: object = "worker", index: object = 0) -> str:
    return json.dumps({"cluster": {"worker": workers}, "task": {"type": kind, "index": index}})


@pytest.mark.parametrize(
    ("index", "place", "others"),
    [
        (0, 0, (WORKERS[1], WORKERS[2])),
        (1, 1, (WORKERS[0], WORKERS[2])),
        ("2", 2, (WORKERS[0], WORKERS[1])),  # as TensorFlow takes it
    ],
)
def test_it_tells_the_workers_and_which_of_them_this_is(
    monkeypatch: pytest.MonkeyPatch, index: object, place: int, others: tuple[str, ...]
) -> None:
    monkeypatch.setenv("TF_CONFIG", config(index=index))
    cluster = Cluster.from_environment()
    assert cluster == Cluster(workers=tuple(WORKERS), index=place)
    assert cluster.is_chief is (place == 0)
    assert cluster.others == others


def test_a_worker_may_be_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", config(WORKERS[:1]))
    assert Cluster.from_environment().others == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is not set"),
        ("  ", "it is not set"),
        ("worker", "it is no JSON"),
        ("{'cluster': {}}", "it is no JSON"),
        ("[]", "it lacks a cluster"),
        ("null", "it lacks a cluster"),
        ("{}", "it lacks a cluster"),
        ('{"cluster": {"worker": ["a:1"]}}', "it lacks a cluster"),
        ('{"cluster": ["a:1"], "task": {"type": "worker", "index": 0}}', "it lacks a cluster"),
        (config(kind="chief"), "of the type 'worker'"),
        (
            '{"cluster": {"worker": ["a:1"], "ps": ["b:1"]}, "task": {"type": "ps", "index": 0}}',
            "of the type 'worker'",
        ),
        (config([]), "is an address"),
        (config("a:1"), "is an address"),
        (config(["a"]), "is an address"),
        (config(["a:0"]), "is an address"),
        (config(["a:65536"]), "is an address"),
        (config(["http://a:1"]), "is an address"),
        (config(["a:1", 7]), "is an address"),
        (config(["a:1", "a:1"]), "twice"),
        (config(index=True), "whole number"),
        (config(index=1.5), "whole number"),
        (config(index="first"), "whole number"),
        (config(index=3), "from 0 to 2"),
        (config(index=-1), "from 0 to 2"),
    ],
)
def test_what_cannot_be_used_is_explained_with_an_example(
    monkeypatch: pytest.MonkeyPatch, text: str, why: str
) -> None:
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(TrainingError) as error:
        Cluster.from_environment()
    assert why in str(error.value)
    assert '"worker": ["192.168.0.1:2222"' in str(error.value)
    assert repr(text) in str(error.value)
    example = str(error.value).partition("TF_CONFIG='")[2].partition("'.")[0]
    monkeypatch.setenv("TF_CONFIG", example)
    assert Cluster.from_environment().is_chief
