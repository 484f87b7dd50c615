"""What comes with the product is found, and codes keep their zeros."""

import pytest

from trial.errors import FileError
from trial.protocol import load_municipalities, shipped, shipped_protocols


def test_municipalities_keep_their_leading_zeros() -> None:
    municipalities = load_municipalities()
    assert len(municipalities) == 98
    assert all(len(municipality.code) == 4 and municipality.code.isdigit() for municipality in municipalities)
    assert len({municipality.code for municipality in municipalities}) == 98
    assert [municipality.code for municipality in municipalities] == sorted(one.code for one in municipalities)
    copenhagen = municipalities[0]
    assert (copenhagen.code, copenhagen.name, copenhagen.ssi_column) == ("0101", "København", "Copenhagen")
    assert "0411" not in {municipality.code for municipality in municipalities}  # Christiansø is no municipality
    assert 5_700_000 < sum(municipality.population_2020q1 for municipality in municipalities) < 5_900_000


@pytest.mark.parametrize("name", ["nowhere.toml", "../pyproject.toml", "../../etc/passwd", "/etc/passwd"])
def test_what_is_not_shipped_is_not_found(name: str) -> None:
    with pytest.raises(FileError) as caught:
        shipped(name)
    assert caught.value.stable_code == "file-missing"


def test_shipped_protocols_are_named() -> None:
    assert "digital-samtaler" in shipped_protocols()
    assert shipped("digital-samtaler.toml").is_file()
    assert shipped("rules").is_dir()
