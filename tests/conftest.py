"""Fixtures every room shares, and the rule that in CI a skipped test is a failure."""

import os
from pathlib import Path

import pytest

pytest_plugins = ["tests.servers"]

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"
NEEDS_SHARED = "needs ../shared/data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; the test is skipped on a machine that has none."""
    if not SHARED_DATA.is_dir():
        pytest.skip(NEEDS_SHARED)
    return SHARED_DATA


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """In CI turn a skip into a failure, save where the real data are absent altogether."""
    if not (report.skipped and os.environ.get("CI")) or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if NEEDS_SHARED in reason and not SHARED_DATA.is_dir():
        return
    report.outcome = "failed"
    report.longrepr = f"skipped in CI: {reason}"
