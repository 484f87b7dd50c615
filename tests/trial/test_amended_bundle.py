"""An amended trial as a bundle: the protocol of every epoch is in it, and both verifiers follow."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.amended import AMENDED_ON, COARSER, TWO_TO_ONE, amend, amended
from tests.bundles import verifier
from tests.opened import DAY, KEYS, TickingClock, arrival, open_trial, url
from tests.trial.verifier.test_tampered import complaint, first, read, rewrite
from trial import verifier as alone
from trial.bundle import export_bundle, read_bundle, verify_bundle
from trial.monitor import status
from trial.service import Trial

KEY = {"format": "lodtraek-key/1", "purpose": "trial", "mode": "test", "key": (b"T" * 32).hex()}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty citizens one to one, then sixty at two to one in coarser strata."""
    folder, clock = tmp_path_factory.mktemp("amended"), TickingClock()
    trial = open_trial(folder, clock=clock)
    trial.assign([arrival(number, ("0461", "0101")[number % 2]) for number in range(30)], DAY)
    clock.now = datetime(2021, 4, 1, 7, tzinfo=UTC)
    amend(trial, amended(folder, COARSER, TWO_TO_ONE))
    people = [arrival(number, age_group="30+" if number % 3 else "18-29") for number in range(100, 160)]
    trial.assign(people, AMENDED_ON + timedelta(days=1))
    export_bundle(trial, folder / "bundle")
    for epoch in (1, 2):
        (folder / f"epoch-{epoch}.key").write_text(trial.reveal(epoch).line())
    trial.close()
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original / "bundle", tmp_path / "bundle"))


def test_the_protocol_of_every_epoch_is_in_it(original: Path) -> None:
    found = read_bundle(original / "bundle")
    assert [one["epoch"] for one in found.manifest["epochs"]] == [1, 2]
    assert [one["began_on"] for one in found.manifest["epochs"]] == [None, "2021-04-01"]
    assert [one.trial.version for one in found.protocols] == [1, 2] and found.protocol == found.protocols[-1]
    assert [one["protocol"] for one in found.manifest["epochs"]][-1] == found.manifest["protocol_digest"]
    rows = found.assignments.to_pandas()
    assert rows["epoch"].value_counts().to_dict() == {1: 30, 2: 60}
    assert set(rows.loc[rows["epoch"] == 2, "prob_digital_exact"]) >= {"2/3"}


def test_both_verifiers_draw_both_epochs_anew(folder: Path) -> None:
    for key in (KEYS.trial, None):
        assert verify_bundle(folder, key).holds
    assert "90 of 90 arms drawn anew" in alone.verify_bundle(folder, KEY)


def test_the_key_of_one_epoch_draws_that_epoch_and_both_draw_all(original: Path) -> None:
    bundle = original / "bundle"
    for keys, drawn in ((["epoch-1.key"], 30), (["epoch-2.key"], 60), (["epoch-1.key", "epoch-2.key"], 90)):
        done = verifier(bundle, "--key", *(original / name for name in keys))
        assert done.returncode == 0 and f"{drawn} of 90 arms drawn anew" in done.stdout
    swapped = json.loads((original / "epoch-1.key").read_text()) | {"epoch": 2}
    with pytest.raises(ValueError, match="ledger row 32: it must commit to the key that was given"):
        alone.verify_bundle(bundle, swapped)


def test_a_file_of_an_earlier_epoch_that_is_changed_is_found(folder: Path) -> None:
    for name in ("protocol.toml", "protocol.json", "rules/trial-pause-2021.toml"):
        path = folder / "epochs" / "1" / name
        content = path.read_bytes()
        path.write_bytes(content + b"\n")
        assert complaint(folder).startswith(f"epochs/1/{name}: ")
        assert not verify_bundle(folder, KEYS.trial).holds
        path.write_bytes(content)
    assert verify_bundle(folder, KEYS.trial).holds


@pytest.mark.parametrize(
    ("kind", "change", "after"),
    [
        ("trial-amended@1", {"epoch": 3}, 0),
        ("trial-amended@1", {"amends": "0" * 64}, 0),
        ("trial-amended@1", {"on": "2021-02-28"}, 0),
        ("trial-amended@1", {"closed": {}}, 0),
        ("trial-amended@1", {"epoch_key_commitment": "0" * 64}, 0),
        ("assigned@1", {"epoch": 1}, 40),
        ("assigned@1", {"on": "2021-03-31"}, 40),
        ("assigned@1", {"step": 0}, 60),
    ],
)
def test_both_name_the_same_wrong_row(folder: Path, kind: str, change: dict[str, object], after: int) -> None:
    entries = read(folder)
    at = first(entries, kind, after)
    entries[at]["payload"] |= change
    rewrite(folder, entries)
    assert complaint(folder).startswith(f"ledger row {at + 1}: ")
    assert verify_bundle(folder, KEYS.trial).findings[0].where == f"ledger row {at + 1}"


def test_an_amendment_taken_out_is_found(folder: Path) -> None:
    entries = read(folder)
    at = first(entries, "trial-amended@1")
    del entries[at]
    rewrite(folder, entries)
    assert complaint(folder).startswith(f"ledger row {at + 1}: ")
    assert verify_bundle(folder, KEYS.trial).findings[0].where == f"ledger row {at + 1}"


def test_a_proof_of_either_epoch_holds(original: Path) -> None:
    trial = Trial.open(url(original), KEYS, TickingClock())
    for number in (3, 120):
        assert trial.prove(arrival(number).participant_id)["entry"]["payload"]["epoch"] == (1 if number == 3 else 2)


def test_the_monitor_counts_strata_by_epoch(original: Path) -> None:
    found = status(Trial.open(url(original), KEYS, TickingClock()))
    assert (found.epoch, found.randomised, found.strata) == (2, 90, 4) and not found.dry_run_passed
    assert found.largest_lead_in_a_stratum is not None
