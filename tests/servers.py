"""A PostgreSQL server of the tests' own: started without a human, as root too, reachable by socket only.

1. Debian's binaries (`make install` brings them when missing); never a server that already runs on the machine.
2. `initdb` refuses root, so as root everything is dropped to the user `postgres`.
3. fsync stays on: what the tests show about durability must hold where it matters.
4. One server a test session, one fresh database a test.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class PostgresServer:
    """A running server: where its binaries, data and socket are, and whom it runs as."""

    binaries: Path
    folder: Path
    user: str | None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs as the server's user."""
        return subprocess.run(
            [str(self.binaries / program), *arguments],
            user=self.user,
            cwd=self.folder,
            check=check,
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(self.folder)},
        )

    def start(self, *settings: str) -> None:
        """Start and wait until it answers; settings like `fsync=off` are given with -c."""
        options = " ".join(
            f"-c {s}" for s in ("listen_addresses=", f"unix_socket_directories={self.folder}", *settings)
        )
        self.run("pg_ctl", "-D", str(self.data), "-l", str(self.folder / "log"), "-w", "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop: `fast` is orderly, `immediate` is a crash."""
        self.run("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "stop", check=False)

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run one statement as the owner and give what psql prints."""
        return self.run(
            "psql",
            "-h",
            str(self.folder),
            "-U",
            "owner",
            "-d",
            database,
            "-qAtX",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            statement,
        ).stdout.strip()

    def create_database(self) -> str:
        """Create an empty database and give its SQLAlchemy URL."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self.sql(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://owner@/{name}?host={self.folder}"


def find_binaries() -> Path | None:
    """Find the folder that holds `initdb`, Debian's newest first."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    candidates = [*debian, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((folder for folder in candidates if (folder / "initdb").exists()), None)


@contextmanager
def running(*initdb: str) -> Iterator[PostgresServer]:
    """Start a server of one's own, and stop it at the end."""
    binaries = find_binaries()
    assert binaries is not None
    folder = Path(tempfile.mkdtemp(prefix="lodtraek-pg-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    server = PostgresServer(binaries, folder, user)
    try:
        own = ["-D", str(server.data), "-U", "owner", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", *initdb]
        server.run("initdb", *own)
        server.start()
        yield server
    finally:
        server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running PostgreSQL server for this test session."""
    if find_binaries() is None:
        pytest.skip("needs PostgreSQL's binaries: `make install` as root brings them, or install postgresql by hand")
    with running() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """A fresh, empty database on the session's server."""
    return postgres.create_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, empty database of each kind the product supports."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'trial.db'}"
    url = request.getfixturevalue("postgres_url")
    assert isinstance(url, str)
    return url
