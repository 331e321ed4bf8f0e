"""The machines of a distributed training."""

from __future__ import annotations

import json

import pytest

from mnist_core.distributed.cluster import Cluster
from mnist_core.errors import TrainingError

WORKERS = ["192.168.0.1:2222", "trainer-2.example.org:2222", "[fe80::1]:2222"]


def config(workers: object = WORKERS, kind: object = "worker", index: object = 0) -> str:
    return json.dumps({"cluster": {"worker": workers}, "task": {"type": kind, "index": index}})


@pytest.mark.parametrize(
    ("index", "expected", "others"),
    [
        (0, 0, (WORKERS[1], WORKERS[2])),
        (1, 1, (WORKERS[0], WORKERS[2])),
        ("2", 2, (WORKERS[0], WORKERS[1])),  # as accepted by TensorFlow
    ],
)
def test_from_environment_reads_the_workers_and_the_index(
    monkeypatch: pytest.MonkeyPatch, index: object, expected: int, others: tuple[str, ...]
) -> None:
    monkeypatch.setenv("TF_CONFIG", config(index=index))
    cluster = Cluster.from_environment()
    assert cluster == Cluster(workers=tuple(WORKERS), index=expected)
    assert cluster.is_chief is (expected == 0)
    assert cluster.others == others


def test_from_environment_accepts_a_single_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", config(WORKERS[:1]))
    assert Cluster.from_environment().others == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is not set"),
        ("  ", "is not set"),
        ("worker", "is not valid JSON"),
        ("{'cluster': {}}", "is not valid JSON"),
        ("[]", "lacks a cluster"),
        ("null", "lacks a cluster"),
        ("{}", "lacks a cluster"),
        ('{"cluster": {"worker": ["a:1"]}}', "lacks a cluster"),
        ('{"cluster": ["a:1"], "task": {"type": "worker", "index": 0}}', "lacks a cluster"),
        (config(kind="chief"), "type other than 'worker'"),
        (
            '{"cluster": {"worker": ["a:1"], "ps": ["b:1"]}, "task": {"type": "ps", "index": 0}}',
            "type other than 'worker'",
        ),
        (config([]), "not an address"),
        (config("a:1"), "not an address"),
        (config(["a"]), "not an address"),
        (config(["a:0"]), "not an address"),
        (config(["a:65536"]), "not an address"),
        (config(["http://a:1"]), "not an address"),
        (config(["a:1", 7]), "not an address"),
        (config(["a:1", "a:1"]), "twice"),
        (config(index=True), "whole number"),
        (config(index=1.5), "whole number"),
        (config(index="first"), "whole number"),
        (config(index=3), "from 0 to 2"),
        (config(index=-1), "from 0 to 2"),
    ],
)
def test_from_environment_explains_a_wrong_value_with_an_example(
    monkeypatch: pytest.MonkeyPatch, text: str, problem: str
) -> None:
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(TrainingError) as error:
        Cluster.from_environment()
    assert problem in str(error.value)
    assert '"worker": ["192.168.0.1:2222"' in str(error.value)
    assert repr(text) in str(error.value)
    example = str(error.value).partition("TF_CONFIG='")[2].partition("'.")[0]
    monkeypatch.setenv("TF_CONFIG", example)
    assert Cluster.from_environment().is_chief
