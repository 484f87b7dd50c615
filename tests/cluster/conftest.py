"""One Spark session for all of these tests; without PySpark they say so."""

import pytest


@pytest.fixture(scope="session")
def spark():
    """A Spark session on this machine alone."""
    pytest.importorskip("pyspark", reason="needs PySpark: make test-cluster")
    from analysis.spells.spark import session

    running = session()
    yield running
    running.stop()
