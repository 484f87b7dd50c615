"""The engine `spark` where PySpark or Java is missing: an error with its mend, and never a traceback."""

import importlib.util

import pytest

from analysis.spells import spark
from trial.errors import StateError


def test_without_pyspark(monkeypatch):
    monkeypatch.setattr(spark, "find_spec", lambda name: None)
    with pytest.raises(StateError, match="the engine spark needs PySpark") as caught:
        spark.session()
    assert "lock/cluster.txt" in caught.value.mend


@pytest.mark.parametrize("home", ["", "/nowhere"])
def test_without_java(monkeypatch, home):
    monkeypatch.setattr(spark, "find_spec", lambda name: importlib.util.find_spec("json"))
    monkeypatch.setenv("JAVA_HOME", home)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(StateError, match="needs Java 17 or later"):
        spark.session()
