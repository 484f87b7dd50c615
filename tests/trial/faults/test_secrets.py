"""No key, and nothing that is still to be drawn, stands anywhere but in the key files and in the program's memory.

Keys that are recognised at sight are planted; then everything a trial leaves behind is searched for them, in every
form they could take: output, errors with the values of all variables, logs, arguments, files, dumps of the database.
"""

import base64
import json
import logging
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.opened import BY, DAY, PROTOCOL, TickingClock, arrival, arrivals, published
from tests.servers import PostgresServer
from trial.bundle import export_bundle
from trial.errors import LodtraekError
from trial.keys import Keys, SecretKey
from trial.ledger.epoch import Epoch
from trial.ledger.schema import STRATA
from trial.monitor import status
from trial.procedures import epoch_key
from trial.service import Trial

SECRETS = {
    purpose: bytes((7 * place + start) % 251 for place in range(32))
    for start, purpose in enumerate(("trial", "identity", "signing"))
}
KEYS = Keys(**{purpose: SecretKey(purpose, "test", secret) for purpose, secret in SECRETS.items()})


def forms(secret: bytes) -> Iterator[bytes]:
    """Give what a secret looks like when somebody writes it down."""
    yield secret
    yield from (secret.hex().encode(), secret.hex().upper().encode(), base64.b64encode(secret)[:40])
    yield from (base64.urlsafe_b64encode(secret)[:40], repr(secret)[2:-1].encode(), str(list(secret))[1:-1].encode())
    yield str(int.from_bytes(secret)).encode()


PLANTED = [
    form
    for secret in (*SECRETS.values(), epoch_key(SECRETS["trial"], "digital-samtaler", 1))
    for form in forms(secret)
]  # fmt: skip


def leaks(content: bytes | str) -> list[bytes]:
    data = content.encode(errors="surrogateescape") if isinstance(content, str) else content
    return [form for form in PLANTED if form in data]


def everything(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def lived(database: str, folder: Path) -> Trial:
    """A trial with a life: answers, pauses, imports, checkpoints, a bundle."""
    trial = Trial.init(database, PROTOCOL, KEYS, "test", clock=TickingClock(), checkpoint_dir=folder / "checkpoints")
    trial.assign([*arrivals(range(30)), arrival(40, exclusion="interpreter")], DAY)
    trial.open_pause("0101", DAY, BY, ("decision.txt", b"the decision"), decided_on=DAY)
    trial.import_infection([published()])
    trial.preview(arrivals(range(60)), DAY)
    (folder / "proof.json").write_text(json.dumps(trial.prove(arrival(1).participant_id)))
    export_bundle(trial, folder / "bundle")
    (folder / "status.json").write_text(repr(status(trial)))
    return trial


def test_what_is_searched_for_would_be_found() -> None:
    assert all(leaks(b"x" + form + b"y") for secret in SECRETS.values() for form in forms(secret))
    assert not leaks(b"nothing")


def test_no_key_in_any_file_or_dump(
    database_url: str, postgres: PostgresServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    trial = lived(database_url, tmp_path)
    trial.close()
    assert not leaks(everything(tmp_path)) and not leaks(caplog.text)
    if database_url.startswith("postgresql"):
        name = database_url.split("@/")[1].split("?", maxsplit=1)[0]
        dump = postgres.run("pg_dump", "-h", str(postgres.folder), "-U", "owner", name).stdout
        assert "assigned@1" in dump and not leaks(dump)
        assert not leaks((postgres.folder / "log").read_bytes())


def test_no_key_in_an_error_even_with_the_values_of_all_variables(tmp_path: Path) -> None:
    """A report of an error that shows every variable of every frame, as some tools send it away."""
    trial = lived(f"sqlite:///{tmp_path / 'trial.db'}", tmp_path)
    with trial.store.write("2021-03-01T08:00:00.000000Z"):  # so that the database is busy
        pass
    for ask in (
        lambda: trial.assign([arrival(1, age_group="0-17"), arrival(77, age_group="0-17")], DAY),
        lambda: trial.assign(arrivals([99]), DAY.replace(year=2031)),
        lambda: trial.open_pause("0101", DAY, BY),
        lambda: trial.reveal(9),
        lambda: Trial.open(f"sqlite:///{tmp_path / 'none.db'}", KEYS),
    ):
        with pytest.raises(LodtraekError) as caught:
            ask()
        shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        assert not leaks("".join(shown.format())) and not leaks(json.dumps(caught.value.to_json()))
    trial.close()


def test_no_key_in_the_arguments_or_the_environment_of_a_running_program(tmp_path: Path) -> None:
    """As another user of the machine sees it while it runs; and nothing of it in what it prints."""
    files = {}
    for purpose, secret in SECRETS.items():
        files[purpose] = tmp_path / f"{purpose}.key"
        record = {"format": "lodtraek-key/1", "purpose": purpose, "mode": "test", "key": secret.hex()}
        files[purpose].touch(0o600)
        files[purpose].write_text(json.dumps(record))
    (tmp_path / "out").mkdir()
    shared = ["--db", f"sqlite:///{tmp_path / 'out' / 'trial.db'}", "--key", str(files["trial"])]
    shared += ["--identity-key", str(files["identity"]), "--signing-key", str(files["signing"])]
    program = [sys.executable, "-c", "from trial.cli import main; main()"]
    run = subprocess.Popen(
        [*program, "init", str(PROTOCOL), "--mode", "test", *shared], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    seen = []
    watcher = threading.Thread(target=watch, args=(run, seen))
    watcher.start()
    out, _ = run.communicate(timeout=120)
    watcher.join()
    assert run.returncode == 0 and seen and not leaks(out) and not leaks(b"\n".join(seen))
    wrong = ["assign", "no-such-file.csv", "--on", "2021-03-01", *shared]
    refused = subprocess.run([*program, *wrong], capture_output=True, check=False)
    assert refused.returncode != 0 and not leaks(refused.stdout + refused.stderr)
    assert not leaks(everything(tmp_path / "out"))


def watch(run: subprocess.Popen[bytes], seen: list[bytes]) -> None:
    while run.poll() is None:
        for name in ("cmdline", "environ"):
            try:
                seen.append(Path(f"/proc/{run.pid}/{name}").read_bytes())
            except OSError:
                return
        time.sleep(0.02)


def test_nothing_a_reader_of_the_database_sees_tells_the_next_arm(database_url: str) -> None:
    """Two trials whose databases read alike, save for commitments and the answers themselves, go on differently.

    Whoever reads the database has the answers, the counts of every stratum, sealed, and the commitments of the keys.
    Among keys under which the same arms were drawn, the next arm is still open: it follows from the key alone.
    """
    trial = Trial.init(database_url, PROTOCOL, KEYS, "test", clock=TickingClock())
    given = [one.arm for one in trial.assign(arrivals(range(4)), DAY)]
    with trial.store.read() as transaction:
        columns = set(transaction.rows(STRATA)[0])
        state = json.loads(transaction.rows(STRATA)[0]["state"])
    assert columns == {"epoch", "scope", "steps", "state", "seal"} and sum(state.values()) == 4
    epoch, following = trial.epoch, set()
    for number in range(400):
        other = Epoch(1, epoch.protocol, epoch.digest, number.to_bytes(32))
        arms = drawn(other, 5)
        if sorted(arms[:4]) == sorted(str(arm) for arm in given):
            following.add(arms[4])
    assert following == {"physical", "digital"}
    trial.close()


def drawn(epoch: Epoch, number: int) -> list[str]:
    found, state = [], epoch.procedure.begin()
    for step in range(number):
        one = arrival(step)
        drawn = epoch.draw(one.stratum, state, one, step)
        found.append(drawn.arm)
        state = drawn.state
    return found


def test_an_errors_text_shows_no_statement_of_the_database(postgres_url: str) -> None:
    trial = Trial.init(postgres_url, PROTOCOL, KEYS, "test", clock=TickingClock())
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute("DROP TABLE citizens")
    with pytest.raises(LodtraekError) as caught:
        trial.assign([arrival(7)], DAY)
    shown = "".join(traceback.format_exception(caught.value))
    assert arrival(7).participant_id not in shown and "INSERT" not in str(caught.value) and not leaks(shown)
    trial.close()
