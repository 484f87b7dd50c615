"""Two arms, one to one."""

import pytest

from trial.procedures import Arms


@pytest.fixture
def two() -> Arms:
    """Give two arms, one to one."""
    return Arms(("physical", "digital"), (1, 1))
