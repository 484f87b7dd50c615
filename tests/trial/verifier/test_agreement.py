"""The stand-alone verifier agrees with the product on every procedure, and needs nothing but Python."""

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bundles import ANY_RATIO, DESIGNS, VERIFIER, WITNESS, bundle, verifier
from tests.opened import KEYS, trial_of_every_kind
from trial import verifier as alone
from trial.bundle import export_bundle, verify_bundle
from trial.ledger.kinds import KINDS
from trial.ledger.proof import stored
from trial.procedures import Draws

KEY = {"format": "lodtraek-key/1", "purpose": "trial", "mode": "test", "key": (b"T" * 32).hex()}


@pytest.mark.parametrize(
    ("name", "table", "ratio"),
    [
        pytest.param(*one, marks=[pytest.mark.slow] if one[2] != (1, 1) and one[0] != "big stick" else [])
        for one in DESIGNS
    ],
    ids=lambda value: value if isinstance(value, str) and "procedure" not in value else None,
)
def test_every_procedure_is_confirmed(tmp_path: Path, name: str, table: str, ratio: tuple[int, ...]) -> None:
    folder = bundle(tmp_path, table, ratio)
    assert verify_bundle(folder, KEYS.trial).holds
    assert "112 of 112 arms drawn anew" in alone.verify_bundle(folder, KEY)


WITHIN = {
    "blocks": '{ procedure = "permuted-block@1", sizes = [4, 8] }',
    "maximal": '{ procedure = "maximal@1", tolerance = 2, horizon = 12 }',
    "complete": '{ procedure = "complete@1", total = 102 }',
    "urn": '{ procedure = "wei-urn@1", alpha = 0, beta = 1 }',
    "chen": '{ procedure = "chen@1", tolerance = 2, probability = 0.7 }',
}


@pytest.mark.parametrize("within", WITHIN.values(), ids=WITHIN)
@pytest.mark.parametrize(
    "shares",
    ['["1/4", "3/4"]', *(pytest.param(one, marks=pytest.mark.slow) for one in ("[0, 1]", "[0.25, 0.5, 0.75]"))],
)
def test_every_procedure_within_a_market_is_confirmed(tmp_path: Path, within: str, shares: str) -> None:
    table = f'procedure = "saturation@1"\nfactor = "jobcentre"\nshares = {shares}\nwithin = {within}'
    assert "112 of 112 arms drawn anew" in alone.verify_bundle(bundle(tmp_path, table), KEY)


@pytest.mark.parametrize("ratio", [(1, 1), pytest.param((1, 3), marks=pytest.mark.slow)], ids=str)
@pytest.mark.parametrize("among", WITHIN.values(), ids=WITHIN)
def test_every_procedure_among_clusters_is_confirmed(tmp_path: Path, among: str, ratio: tuple[int, ...]) -> None:
    table = f'procedure = "cluster@1"\nfactor = "caseworker"\namong = {among}'
    assert "112 of 112 arms drawn anew" in alone.verify_bundle(bundle(tmp_path, table, ratio), KEY)


@pytest.mark.parametrize("program", [VERIFIER, WITNESS], ids=lambda path: path.name)
def test_it_is_short_and_imports_the_standard_library_alone(program: Path) -> None:
    text = program.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    tree = ast.parse(text)
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names
    assert all(node.level == 0 for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))


def test_a_copy_of_the_file_runs_anywhere_without_any_package(tmp_path: Path) -> None:
    folder = bundle(tmp_path, ANY_RATIO["big stick"])
    stranger = tmp_path / "elsewhere"
    stranger.mkdir()
    shutil.copy(VERIFIER, stranger / "check.py")
    command = [
        sys.executable,
        "-I",
        "-S",
        str(stranger / "check.py"),
        str(folder),
        "--key",
        str(tmp_path / "trial.key"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=stranger, env={})
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("It holds. 123 rows")
    wrong = {**KEY, "key": "00" * 32}
    (tmp_path / "trial.key").write_text(json.dumps(wrong))
    done = verifier(folder, "--key", tmp_path / "trial.key")
    assert done.returncode == 1 and "ledger row 1: it must commit to the key that was given" in done.stdout
    done = verifier(folder)
    assert done.returncode == 2 and "FILES" in done.stderr
    done = verifier(tmp_path / "none", "--key", tmp_path / "trial.key")
    assert done.returncode == 1 and "It does not hold" in done.stdout


@settings(max_examples=100)
@given(st.integers(1, 2**600), st.integers(0, 10**6), st.text(max_size=5))
def test_its_draws_are_the_same(n: int, step: int, purpose: str) -> None:
    ours, its = Draws(bytes(32), "t", 1, "a/b"), alone.Draws(bytes(32), {"trial_id": "t", "epoch": 1}, "a/b")
    assert ours.below(n, step, purpose) == its.below(n, step, purpose)


def test_a_ledger_with_a_row_of_every_kind_is_confirmed(tmp_path: Path) -> None:
    trial = trial_of_every_kind(tmp_path, checkpoint_dir=tmp_path / "checkpoints")
    with trial.store.read() as transaction:
        kinds = {entry.kind for entry in stored(transaction)}
    assert kinds >= set(KINDS) - {"beacon@1", "clock-moved@1"}
    export_bundle(trial, tmp_path / "bundle")
    assert "9 of 9 arms drawn anew" in alone.verify_bundle(tmp_path / "bundle", KEY)
