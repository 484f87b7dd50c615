"""Roles: every command and use case against every role; the blinded see no arm, nobody sees what is to come."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

import trial.cli
from tests.bundles import protocol
from tests.opened import (
    DAY,
    KEYS,
    PRODUCTION,
    PROTOCOL,
    TickingClock,
    arrivals,
    full_trial,
    open_trial,
    trial_of_every_kind,
    url,
)
from trial.bundle import export_bundle
from trial.errors import RoleError
from trial.identity import Pseudonymiser
from trial.keys import Keys, SecretKey, new_key_file
from trial.ledger import schema
from trial.monitor import audit, status
from trial.roles import RIGHTS, UNBLINDED, Role, check, needs, rights_of, role_of
from trial.service import Trial

BLINDED = [role for role in Role if role not in UNBLINDED]
ARMS = ("physical", "digital")


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    with click.Context(command) as context:
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, (*path, name))


EVERY = dict(commands(trial.cli.main))


# The table.


def test_the_table_names_every_command_and_no_other() -> None:
    named = {name for right in RIGHTS.values() for name in right.commands}
    assert named == set(EVERY)


def test_every_use_case_of_a_trial_needs_a_right() -> None:
    open_to_all = {"init", "open", "close", "protocol", "trial_id", "mode", "head", "today", "day",
                   "require", "checkpoint"}  # fmt: skip
    public = {name for name in dir(Trial) if not name.startswith("_")}
    without = {name for name in public if not hasattr(getattr(Trial, name), "right")}
    assert without == open_to_all


def test_duties_are_separated() -> None:
    def may(right: str) -> frozenset[Role]:
        return RIGHTS[right].roles

    assert not may("assign") & may("pause")
    assert not (may("assign") | may("export")) & may("reveal")
    assert may("assign") == {Role.INTAKE} and may("export") == UNBLINDED == {Role.STATISTICIAN}
    assert all(right.roles and right.words for right in RIGHTS.values())


def test_production_needs_a_role_and_a_test_does_not(tmp_path: Path) -> None:
    for mode in ("test", "training"):
        check("assign", None, mode)
    with pytest.raises(RoleError) as caught:
        Trial.init(url(tmp_path), PROTOCOL, PRODUCTION, "production")
    assert caught.value.stable_code == "role-missing" and caught.value.exit_status == 19
    kept = tmp_path / "kept"
    Trial.init(url(tmp_path), PROTOCOL, PRODUCTION, "production", checkpoint_dir=kept, role=Role.DESIGNER).close()
    opened = Trial.open(url(tmp_path), PRODUCTION)
    for name in sorted(name for name in vars(Trial) if hasattr(getattr(Trial, name), "right")):
        with pytest.raises(RoleError) as caught:
            getattr(opened, name)()
        assert caught.value.stable_code == "role-missing"
    for act in (lambda: status(opened), lambda: list(audit(opened)), lambda: export_bundle(opened, tmp_path / "b")):
        with pytest.raises(RoleError):
            act()
    opened.close()


def test_a_name_that_is_no_role_is_refused() -> None:
    assert role_of(None) is None and role_of("monitor") is Role.MONITOR
    with pytest.raises(RoleError) as caught:
        role_of("administrator")
    assert caught.value.stable_code == "role-unknown"
    with pytest.raises(AssertionError):
        needs("everything")
    with pytest.raises(KeyError):
        rights_of("no such command")


# The service: every use case x every role.


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    trial = trial_of_every_kind(tmp_path_factory.mktemp("roles"))
    yield trial
    trial.close()


USE_CASES = sorted(name for name in vars(Trial) if hasattr(getattr(Trial, name), "right"))


@pytest.mark.parametrize("name", USE_CASES)
@pytest.mark.parametrize("role", Role)
def test_a_use_case_is_refused_before_it_looks_at_anything(opened: Trial, name: str, role: Role) -> None:
    opened.role, head = role, opened.head
    allowed = role in RIGHTS[getattr(Trial, name).right].roles
    try:
        getattr(opened, name)()
    except RoleError as error:
        assert not allowed and error.stable_code == "role-denied" and str(role) in str(error)
    except TypeError as error:  # allowed: it asks for its arguments
        assert allowed and "argument" in str(error)
    else:
        assert allowed
    finally:
        opened.role = None
    assert opened.head == head


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    ("right", "act"),
    [
        ("status", status),
        ("audit", lambda trial: list(audit(trial))),
        ("export", lambda trial: export_bundle(trial, Path(trial.store.__dict__["folder"]))),
    ],
)
def test_what_is_read_needs_its_right(
    opened: Trial, tmp_path: Path, role: Role, right: str, act: Callable[[Trial], Any]
) -> None:
    opened.role, opened.store.__dict__["folder"] = role, str(tmp_path / "bundle")
    try:
        act(opened)
        assert role in RIGHTS[right].roles
    except RoleError:
        assert role not in RIGHTS[right].roles
    finally:
        opened.role = None
    assert (tmp_path / "bundle").exists() is (right == "export" and role in RIGHTS[right].roles)


# The commands: every command x every role.


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk")
    pseudonym = Pseudonymiser(KEYS.need("identity").secret).participant("SYN-1")
    for key in (KEYS.trial, KEYS.identity, KEYS.signing):
        assert key is not None
        new_key_file(folder / f"{key.purpose}.key", key.purpose, "test", lambda _, key=key: key.secret)  # type: ignore[misc]
    begun = full_trial(folder)
    begun.assign([arrivals([0])[0]._replace(participant_id=pseudonym)], DAY)
    begun.close()
    settings = 'key_file = "trial.key"\nidentity_key_file = "identity.key"\nsigning_key_file = "signing.key"\n'
    (folder / "trial.toml").write_text(settings)
    return folder


def run(*words: object) -> Result:
    return CliRunner().invoke(trial.cli.main, [str(word) for word in words])


def words_of(command: click.Command) -> list[str]:
    """Give words a command can be read with: what it requires, filled in with something of the right type."""
    words: list[str] = []
    for parameter in command.params:
        if not parameter.required:
            continue
        kind = parameter.type
        if isinstance(kind, click.Choice):
            value = str(kind.choices[0])
        elif isinstance(kind, click.DateTime) or parameter.name in {"from_on", "to_on", "on"}:
            value = "2021-03-01"
        elif isinstance(kind, (click.IntRange, click.types.IntParamType)):
            value = "1"
        else:
            value = "trial.toml"
        words += [value] if isinstance(parameter, click.Argument) else [parameter.opts[0], value]
    return words


TOUCHES_A_TRIAL = sorted(name for name in EVERY if "prepare" not in rights_of(name))


@pytest.mark.parametrize("name", TOUCHES_A_TRIAL)
@pytest.mark.parametrize("role", Role)
def test_a_command_is_refused_to_whoever_has_no_right_to_it(
    desk: Path, monkeypatch: pytest.MonkeyPatch, name: str, role: Role
) -> None:
    monkeypatch.chdir(desk)
    before = (desk / "trial.db").read_bytes()
    done = run(*name.split(), *words_of(EVERY[name]), "--db", "sqlite:///none.db", "--role", role)
    allowed = any(role in RIGHTS[right].roles for right in rights_of(name))
    assert (done.exit_code == 19) is not allowed, done.output
    assert allowed or "(role-denied, exit 19)" in done.stderr
    assert (desk / "trial.db").read_bytes() == before
    for made in ("none.db", "bundle"):
        (desk / made).unlink(missing_ok=True)


def test_the_role_comes_from_option_environment_and_file(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk)
    assert run("export", "b", "--role", "monitor").exit_code == 19
    monkeypatch.setenv("TRIAL_ROLE", "monitor")
    assert run("export", "b").exit_code == 19
    assert run("status", "--role", "statistician").exit_code == 0
    unknown = run("status", "--role", "administrator")
    assert unknown.exit_code == 19 and "(role-unknown, exit 19)" in unknown.stderr
    monkeypatch.delenv("TRIAL_ROLE")
    own = desk / "own"
    own.mkdir()
    (own / "trial.toml").write_text('role = "monitor"\ndb = "sqlite:///../trial.db"\n')
    monkeypatch.chdir(own)
    assert run("export", "b").exit_code == 19 and run("pause", "list").exit_code == 0


def everything_said(role: Role, desk: Path) -> str:
    """All that the commands say to a role, and all the files they write for it.

    Not `simulate` and `dry-run`: theirs are arms of nobody, drawn with keys made for it.
    """
    commands_read = [
        ("status",), ("status", "--json"), ("audit",), ("audit", "--json"), ("pause", "list", "--json"),
        ("correct", "list", "--json"), ("correct", "list"), ("verify",), ("verify", "--json"),
        ("infection", "status", "--rule", "trial-pause-2021", "--on", "2021-03-01"),
        ("export", f"{desk}/{role}-bundle", "--json"), ("rebuild",),
        ("proof", "--participant", "SYN-1", "--out", f"{desk}/{role}-proof.json"),
        ("pause", "open", "0751", "--from", "2021-03-01", "--decided-by", "a", "--confirmed-by", "b", "--reason", "c",
         "--dry-run"),
        ("pause", "apply", "--on", "2021-02-01"), ("key", "reveal", "--epoch", "1"),
        ("erase", "--participant", "SYN-1", "--reason", "r", "--by", "b", "--dry-run"),
    ]  # fmt: skip
    said = [run(*words, "--role", role) for words in commands_read]
    files = [path for path in desk.rglob(f"{role}-*") for path in ([path] if path.is_file() else path.rglob("*"))]
    return "\n".join(
        [*(one.output for one in said), *(path.read_text("latin-1") for path in files if path.is_file())]
    )


@pytest.mark.parametrize("role", Role)
def test_whoever_is_blinded_is_told_no_arm_and_no_mode(
    desk: Path, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    monkeypatch.chdir(desk)
    said = everything_said(role, desk)
    told = [word for word in (*ARMS, "telephone", "video", "probabilit") if word in said.replace("digital-samt", "")]
    if role in {Role.STATISTICIAN, Role.INTAKE}:  # the intake client learns the arm of whom it sends
        assert set(ARMS) & set(told)
    else:
        assert not told, said


@pytest.mark.parametrize("role", [one for one in BLINDED if one in RIGHTS["audit"].roles])
def test_no_field_of_the_audit_view_tells_an_arm(opened: Trial, role: Role) -> None:
    """Field by field: what the blinded view shows of two ledgers that differ in arms alone is the same."""
    opened.role = role
    rows = list(audit(opened))
    opened.role = None
    known = {"row", "at", "kind"}
    fields = {(row["kind"], name) for row in rows for name in row if name not in known}
    secret = {"arm", "probabilities", "assigned_mode", "summoned_mode", "held_mode", "override_reason", "in_pause",
              "hash", "participant_id", "prev"}  # fmt: skip
    assert not {name for _, name in fields} & secret
    assert {kind for kind, _ in fields} >= {"assigned@1", "conversation@1", "corrected@1", "erased@1"}
    assert not [word for word in ARMS if word in json.dumps(rows).replace("digital-samt", "")]


# Nobody can see an allocation to come: there is none.

PERSONS = 3
STRATUM = "0461/dagpenge/18-29"


def twin_keys(folder: Path, table: str) -> tuple[Keys, Keys]:
    """Two keys that draw the same first arms in a stratum and another next one."""
    found: dict[tuple[str, ...], list[tuple[str, Keys]]] = {}
    path = protocol(folder, table)
    for number in range(200):
        keys = replace(KEYS, trial=SecretKey("trial", "test", bytes([number]) * 32))
        place = folder / f"try-{number}"
        place.mkdir()
        trial = Trial.init(url(place), path, keys, "test", clock=TickingClock(), randomness=bytes)
        drawn = [str(trial.assign(arrivals([one]), DAY)[0].arm) for one in range(PERSONS + 1)]
        with trial.store.read() as transaction:  # the size of a block begun can be read from what was drawn in it
            chances = [str(json.loads(one.payload)["probabilities"]) for one in transaction.entries("assigned@1")]
        trial.close()
        *first, following = drawn
        first += chances[:PERSONS]
        for other, twin in found.get(tuple(first), []):
            if other != following:
                return twin, keys
        found.setdefault(tuple(first), []).append((following, keys))
    raise AssertionError


def everything_seen(folder: Path, table: str, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every table and every output of every role after the first citizens; hashes, which bind the key, left out."""
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert keys.trial is not None
    for key in (keys.trial, keys.identity, keys.signing):
        assert key is not None
        new_key_file(folder / f"{key.purpose}.key", key.purpose, "test", lambda _, key=key: key.secret)  # type: ignore[misc]
    names = {"key_file": "trial", "identity_key_file": "identity", "signing_key_file": "signing"}
    (folder / "trial.toml").write_text("".join(f'{one} = "{name}.key"\n' for one, name in names.items()))
    path = protocol(folder, table)
    salts = iter(range(1, 100))
    trial = Trial.init(
        url(folder), path, keys, "test", clock=TickingClock(), randomness=lambda n: next(salts).to_bytes(1, "big") * n
    )
    for number in range(PERSONS):
        trial.assign(arrivals([number]), DAY)
    with trial.store.read() as transaction:
        tables = [json.dumps(transaction.rows(table)) for table in schema.METADATA.sorted_tables]
    trial.preview(arrivals(range(PERSONS, PERSONS + 3)), date(2021, 3, 2))
    trial.close()
    seen = [*tables]
    reading = [("status", "--json"), ("audit", "--json"), ("pause", "list", "--json"), ("verify", "--json"),
               ("correct", "list", "--json"), ("export", "bundle", "--json"), ("rebuild", "--json")]  # fmt: skip
    for role in ("", *Role):
        seen += [run(*words, *(["--role", role] if role else [])).output for words in reading]
    seen += [path.read_text("latin-1") for path in sorted((folder / "bundle").rglob("*.jsonl"))]
    return [re.sub(r"[0-9a-f]{64,128}", "#", text) for text in seen]


@pytest.mark.parametrize(
    "table",
    [
        'procedure = "big-stick@1"\ntolerance = 3',
        'procedure = "permuted-block@1"\nsizes = [4, 6]',
        pytest.param('procedure = "maximal@1"\ntolerance = 2\nhorizon = 9', marks=pytest.mark.slow),
        pytest.param('procedure = "pocock-simon@1"\nprobability = 0.8', marks=pytest.mark.slow),
    ],
    ids=lambda table: table.split('"')[1],
)
def test_what_can_be_seen_is_the_same_whatever_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    """Two keys with the same past and another future: no table and no output of any role tells them apart."""
    one, other = twin_keys(tmp_path, table)
    seen = [everything_seen(tmp_path / name, table, keys, monkeypatch) for name, keys in (("a", one), ("b", other))]
    for first, second in zip(*seen, strict=True):
        assert first.replace(str(tmp_path / "a"), "") == second.replace(str(tmp_path / "b"), "")


def test_a_preview_tells_no_arm_to_come(tmp_path: Path) -> None:
    trial = open_trial(tmp_path)
    trial.role = Role.INTAKE
    assert {one.arm for one in trial.preview(arrivals(range(9)), DAY)} == {None}
    trial.close()
