"""Confirm a bundle of 100,000 assignments: the stand-alone verifier beside `trial verify --bundle`."""

import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from bench.harness import Row, pair

SIZE = 100_000
DAY = date(2021, 3, 1)
SECRET = b"T" * 32


def measure() -> Iterator[Row]:
    """Time both on the same bundle."""
    from trial import verifier
    from trial.bundle import export_bundle, verify_bundle
    from trial.intake import Arrival
    from trial.keys import Keys, SecretKey
    from trial.protocol import load_municipalities, shipped
    from trial.service import Trial

    keys = Keys(*(SecretKey(purpose, "test", SECRET) for purpose in ("trial", "identity", "signing")))
    codes = [town.code for town in load_municipalities()]
    groups, ages = ("dagpenge", "jobparat-kontanthjaelp"), ("18-29", "30-49", "50+")

    def arrival(number: int) -> Arrival:
        code = codes[number % len(codes)]
        levels = {"jobcentre": code, "target_group": groups[number % 2], "age_group": ages[number % 3]}
        stratum = "/".join(levels.values())
        return Arrival(f"p{number:026d}", code, code, levels, stratum, date(2021, 1, 4), 25, None, number + 2)

    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "bundle"
        trial = Trial.init(
            f"sqlite:///{folder}/trial.db",
            shipped("digital-samtaler.toml"),
            keys,
            "test",
            clock=lambda: datetime(2021, 3, 1, 8, tzinfo=UTC),
        )
        for start in range(0, SIZE, 10_000):
            trial.assign([arrival(number) for number in range(start, start + 10_000)], DAY)
        export_bundle(trial, bundle)
        trial.close()
        key_file = {"format": "lodtraek-key/1", "key": SECRET.hex()}

        def ours() -> None:
            assert f"{SIZE} arms drawn anew" in verifier.verify_bundle(bundle, key_file)

        def peer() -> None:
            assert verify_bundle(bundle, keys.trial).holds

        yield pair("confirm a bundle, Python alone", SIZE, ours, peer, "trial verify --bundle", repeats=3)
