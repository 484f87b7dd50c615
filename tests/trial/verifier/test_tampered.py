"""A bundle changed by somebody who can hash: the first wrong row is named, the same row that the product names."""

import json
import random
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.bundles import DESIGNS, TOGETHER, bundle
from tests.opened import CODES, KEYS
from trial import verifier as alone
from trial.bundle import verify_bundle
from trial.ledger.entry import canonical

KEY = {"format": "lodtraek-key/1", "purpose": "trial", "mode": "test", "key": (b"T" * 32).hex()}
Entries = list[dict[str, Any]]
MULTIPLE = 'procedure = "permuted-block@1"\nsizes = [2, 4]'


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle(tmp_path_factory.mktemp("original"), MULTIPLE)


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "bundle"))


def read(folder: Path) -> Entries:
    return [json.loads(line) for line in (folder / "ledger.jsonl").read_text(encoding="utf-8").splitlines()]


def rewrite(folder: Path, entries: Entries, manifest: dict[str, Any] | None = None) -> None:
    """Chain the entries anew and make the manifest fit: all that someone without the keys can do."""
    above = "0" * 64
    for number, entry in enumerate(entries, start=1):
        entry |= {"seq": number, "prev": above}
        entry.pop("hash", None)
        above = entry["hash"] = sha256(canonical(entry).encode()).hexdigest()
    lines = "".join(canonical(entry) + "\n" for entry in entries)
    (folder / "ledger.jsonl").write_text(lines, encoding="utf-8")
    found = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    found |= {"ledger_length": len(entries), "ledger_head": above, "checkpoint": None, **(manifest or {})}
    found["files"]["ledger.jsonl"] = sha256(lines.encode()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(found), encoding="utf-8")


def complaint(folder: Path, key: dict[str, str] = KEY) -> str:
    with pytest.raises(ValueError) as caught:
        alone.verify_bundle(folder, key)
    return str(caught.value)


def first(entries: Entries, kind: str, after: int = 0, **having: object) -> int:
    return next(
        at
        for at, entry in enumerate(entries)
        if at >= after and entry["kind"] == kind and all(entry["payload"].get(k) == v for k, v in having.items())
    )


def other_arm(entries: Entries) -> int:
    at = first(entries, "assigned@1", 20, probabilities={"physical": "1/2", "digital": "1/2"})
    payload = entries[at]["payload"]
    payload["arm"] = "digital" if payload["arm"] == "physical" else "physical"
    return at


def put(**changed: object) -> Callable[[Entries], int]:
    def change(entries: Entries) -> int:
        at = first(entries, "assigned@1", 10)
        entries[at]["payload"] |= changed
        return at

    return change


def delete(entries: Entries) -> int:
    at = first(entries, "assigned@1", 10)
    scope = entries.pop(at)["payload"]["stratum"]
    return first(entries, "assigned@1", at, stratum=scope)  # whose step has a gap before it


def answered_twice(entries: Entries) -> int:
    at = first(entries, "assigned@1", 10)
    entries.insert(at + 5, {**entries[at], "at": entries[at + 4]["at"]})
    return at + 5


def pause_ignored(entries: Entries) -> int:
    at = first(entries, "not-randomised@1", reason=f"paused:{CODES[1]}")
    like = entries[first(entries, "assigned@1", municipality_code=CODES[1])]["payload"]
    entries[at]["kind"] = "assigned@1"
    entries[at]["payload"] = {
        **like,
        **{one: entries[at]["payload"][one] for one in ("participant_id", "on", "levels")},
    }
    return at


def turned_away_without_a_pause(entries: Entries) -> int:
    at = first(entries, "assigned@1", 10, municipality_code=CODES[0])
    payload = entries[at]["payload"]
    fields = ("participant_id", "on", "municipality_code", "levels", "epoch", "protocol")
    entries[at]["kind"] = "not-randomised@1"
    entries[at]["payload"] = {**{one: payload[one] for one in fields}, "reason": f"paused:{CODES[0]}"}
    return at


def pause_taken_out(entries: Entries) -> int:
    del entries[first(entries, "pause-opened@1")]
    return first(entries, "not-randomised@1", reason=f"paused:{CODES[1]}")


def opened_again(entries: Entries) -> int:
    entries.insert(7, dict(entries[0]) | {"at": entries[6]["at"]})
    return 7


def clock_back(entries: Entries) -> int:
    entries[70]["at"] = entries[0]["at"].replace("2021", "2020")
    return 70


CASES = {
    "the arm swapped": (other_arm, "its arm must be the one the key draws"),
    "the probabilities changed": (
        put(probabilities={"physical": "2/3", "digital": "1/3"}),
        "its probabilities must be",
    ),
    "the step changed": (put(step=77), "its step must be "),
    "another stratum": (put(stratum="0101/dagpenge/49+"), "its levels must be declared"),
    "another procedure": (put(procedure="simple@1"), "procedure must be declared"),
    "an arm that is none": (put(arm="third"), "must be declared"),
    "another protocol": (put(protocol="0" * 64), "its epoch must be the one in force"),
    "a day before enrolment": (put(on="2020-12-31"), "within enrolment"),
    "a day that is none": (put(on="2021-02-30"), ""),
    "a level that is none": (put(levels={"jobcentre": "0999", "target_group": "x", "age_group": "y"}), "levels"),
    "a citizen taken out": (delete, "its step must be "),
    "a citizen answered twice": (answered_twice, "one answer"),
    "a pause ignored": (pause_ignored, "nobody may be assigned in a pause"),
    "turned away without a pause": (turned_away_without_a_pause, "or a pause that day"),
    "a pause taken out": (pause_taken_out, "or a pause that day"),
    "a second opening": (opened_again, "the first row alone"),
    "the clock set back": (clock_back, "not before the row above"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_first_wrong_row_is_named(folder: Path, case: str) -> None:
    change, words = CASES[case]
    entries = read(folder)
    row = change(entries) + 1
    rewrite(folder, entries)
    found = complaint(folder)
    assert found.startswith(f"ledger row {row}: ") and words in found
    theirs = verify_bundle(folder, KEYS.trial)
    assert theirs.findings[0].where == f"ledger row {row}"


def test_a_byte_changed_by_somebody_who_cannot_hash_is_found(folder: Path) -> None:
    text = (folder / "ledger.jsonl").read_text(encoding="utf-8")
    (folder / "ledger.jsonl").write_text(text.replace('"digital"', '"dagital"', 1), encoding="utf-8")
    assert complaint(folder).startswith("ledger.jsonl: every file must have the SHA-256")


def test_a_row_changed_without_a_new_hash_is_found(folder: Path) -> None:
    entries = read(folder)
    hashes = [entry["hash"] for entry in entries]
    entries[30]["payload"]["on"] = "2021-03-02"
    rewrite(folder, entries)
    for number, entry in enumerate(entries):
        entry |= {"hash": hashes[number], "prev": hashes[number - 1] if number else "0" * 64}
    lines = "".join(canonical(entry) + "\n" for entry in entries)
    (folder / "ledger.jsonl").write_text(lines, encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"]["ledger.jsonl"] = sha256(lines.encode()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert complaint(folder) == "ledger row 31: its hash must be that of its content"


def test_a_cut_tail_is_found_by_the_checkpoint(folder: Path) -> None:
    checkpoint = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["checkpoint"]
    rewrite(folder, read(folder)[:-3], {"checkpoint": checkpoint})
    assert complaint(folder) == "manifest.json: another ledger's checkpoint"
    rewrite(folder, [])
    assert complaint(folder).startswith("ledger row 1: it must open the trial")


def test_an_added_and_a_missing_file_are_named(folder: Path) -> None:
    (folder / "more.txt").write_text("more")
    assert complaint(folder).startswith("more.txt: ")
    (folder / "more.txt").unlink()
    (folder / "events.parquet").unlink()
    assert complaint(folder).startswith("events.parquet: ")


def test_keys_that_were_exchanged_with_their_commitments_draw_other_arms(folder: Path) -> None:
    """Whoever writes another commitment must draw with that key: the recorded arms do not follow from it."""
    entries, other = read(folder), bytes(32)
    opened = entries[0]["payload"]
    opened["key_commitment"] = sha256(other).hexdigest()
    epoch = alone.hmac.digest(other, alone.fields("lodtraek-epoch/1", opened["trial_id"], 1), "sha256")
    opened["epoch_key_commitment"] = sha256(epoch).hexdigest()
    rewrite(folder, entries)
    assert "its arm must be the one the key draws" in complaint(folder, KEY | {"key": other.hex()})
    assert complaint(folder) == "ledger row 1: it must commit to the key that was given"


def test_another_protocol_text_is_found(folder: Path) -> None:
    entries = read(folder)
    opened = entries[0]["payload"]
    opened["protocol_toml"] = opened["protocol_toml"].replace("sizes = [2, 4]", "sizes = [2, 6]")
    rewrite(folder, entries)
    assert complaint(folder) == "ledger row 1: its digest must be the protocol's"


def test_whatever_field_is_forged_both_name_the_same_row(original: Path, tmp_path: Path) -> None:
    """Seeded forgeries of one value of one assignment or refusal, chained anew."""
    chance, entries = random.Random(2021), read(original)
    rows = [at for at, one in enumerate(entries) if one["kind"] in {"assigned@1", "not-randomised@1"}]
    for number in range(12):
        folder = Path(shutil.copytree(original, tmp_path / str(number)))
        forged = read(original)
        at, donor = chance.sample(rows, 2)
        payload, other = forged[at]["payload"], forged[donor]["payload"]
        name = chance.choice([one for one in sorted(payload) if other.get(one, payload[one]) != payload[one]])
        payload[name] = other[name]
        rewrite(folder, forged)
        theirs = verify_bundle(folder, KEYS.trial).findings
        try:
            alone.verify_bundle(folder, KEY)
            mine = None
        except ValueError as error:
            mine = str(error).split(":")[0]
        assert mine == (theirs[0].where if theirs and theirs[0].where.startswith("ledger") else None), name


@pytest.mark.parametrize("name", TOGETHER)
def test_tampered_bundles_name_the_row_in_both_verifiers(tmp_path: Path, name: str) -> None:
    folder = bundle(tmp_path, TOGETHER[name])
    entries = read(folder)
    at = first(entries, "assigned-together@1", 40)
    payload = entries[at]["payload"]
    payload["arm"] = "digital" if payload["arm"] == "physical" else "physical"
    rewrite(folder, entries)
    assert complaint(folder).startswith(f"ledger row {at + 1}: its arm must be the one the key draws")
    assert verify_bundle(folder, KEYS.trial).findings[0].where == f"ledger row {at + 1}"
    entries = [entry for entry in read(folder) if entry["seq"] != at + 1]
    rewrite(folder, entries)
    assert complaint(folder).startswith("ledger row")


@pytest.mark.parametrize(
    ("name", "table", "ratio"),
    [one for one in DESIGNS if one[0] != "simple" and one[2] == (1, 1) and one[0] not in TOGETHER],
    ids=lambda value: value if isinstance(value, str) and "procedure" not in value else None,
)
def test_arms_that_were_chosen_and_called_certain_are_not_confirmed(
    tmp_path: Path, name: str, table: str, ratio: tuple[int, ...]
) -> None:
    """A draw below one is always 0: whoever may state the probabilities needs no key to state the arms."""
    folder = bundle(tmp_path, table, ratio)
    entries = read(folder)
    for entry in entries:
        if entry["kind"] == "assigned@1":
            entry["payload"] |= {"arm": "digital", "probabilities": {"physical": "0", "digital": "1"}}
    rewrite(folder, entries)
    row = first(entries, "assigned@1") + 1
    assert complaint(folder) == f"ledger row {row}: its probabilities must be those of the procedure"
