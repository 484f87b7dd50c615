"""Which database, which keys: the options every command on an opened trial shares.

1. `@connected("trial", "identity")` gives a command --db, --checkpoint-dir, --role, --accept-clock and the options of
   those keys, and hands it a Connection as its first argument. The environment (TRIAL_...) and `trial.toml` fill in
   what is left out.
2. A key is read only when the command asks for it; a file that others can read is refused.
3. A role that has none of the rights a command needs is refused before anything is opened; the service checks again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from trial.clock import Clock
    from trial.identity import Pseudonymiser
    from trial.keys import Keys
    from trial.ledger.store import Store, Transaction
    from trial.roles import Role
    from trial.service import Trial
    from trial.settings import Settings

FILE = click.Path(path_type=Path)
SHARED = ("db", "checkpoint_dir", "role", "accept_clock")
KEY_OPTIONS = {
    "trial": ("--key", "key_file", "Key file arms are drawn with (TRIAL_KEY_FILE)."),
    "identity": ("--identity-key", "identity_key_file", "Key file of pseudonyms (TRIAL_IDENTITY_KEY_FILE)."),
    "signing": (
        "--signing-key",
        "signing_key_file",
        "Key file of checkpoints (TRIAL_SIGNING_KEY_FILE).",
    ),
}


@dataclass(frozen=True)
class Connection:
    """The settings of a command, which keys it may use, and the trial keys of epochs before an exchange."""

    settings: "Settings"
    purposes: tuple[str, ...]
    earlier: tuple[Path, ...] = ()

    def keys(self, mode: str | None = None) -> "Keys":
        """Read the keys the command may use and was given; of the trial key those before it as well."""
        from trial.keys import Keys, read_key_file

        files = {purpose: getattr(self.settings, KEY_OPTIONS[purpose][1]) for purpose in self.purposes}
        found = {purpose: read_key_file(path, purpose, mode) for purpose, path in files.items() if path is not None}
        if self.earlier and "trial" in found:
            found["trial"] = found["trial"].after(*(read_key_file(path, "trial", mode) for path in self.earlier))
        return Keys(**found)

    def open(self, clock: "Clock | None" = None, *, rehearsal: bool = False) -> "Trial":
        """Open the trial with those keys; a key it was not begun with is refused. A rehearsal changes nothing.

        clock: of a simulation, whose days may lie before the last entry's; the system's where none is given.
        """
        from trial.clock import system_clock
        from trial.service import Trial

        settings = self.settings
        trial = Trial.open(
            settings.db,
            self.keys(),
            clock or system_clock,
            settings.checkpoint_dir,
            role=self.role,
            rehearsal=rehearsal,
            any_clock=settings.accept_clock or clock is not None,
        )
        click.get_current_context().call_on_close(trial.close)
        return trial

    def store(self, right: str) -> "Store":
        """Open the database alone, whatever state its ledger is in, for one who has a right."""
        from trial.ledger.store import Store
        from trial.roles import check

        store = Store.open(self.settings.db)
        click.get_current_context().call_on_close(store.close)
        with store.read() as transaction:
            check(right, self.role, _opened(transaction).get("mode", ""))
        return store

    def newest_checkpoint(self, store: "Store") -> Path | None:
        """Give the newest checkpoint of a database's trial in the folder, if there is one.

        Look for it before the ledger is read: a ledger that is in use grows, and with it the folder.
        """
        from trial.ledger.checkpoint import newest

        with store.read() as transaction:
            trial_id = _opened(transaction).get("trial_id")
        folder = self.settings.checkpoint_dir
        return None if folder is None or trial_id is None else newest(folder, trial_id)

    @property
    def role(self) -> "Role | None":
        """Give who asks; RoleError for a name that is no role."""
        from trial.roles import role_of

        return role_of(self.settings.role)

    def check_command(self) -> None:
        """Raise RoleError where the role has none of the rights the command needs."""
        from trial.roles import RIGHTS, check, rights_of

        _, _, command = click.get_current_context().command_path.partition(" ")
        rights = rights_of(command)
        if self.role is not None and not any(self.role in RIGHTS[right].roles for right in rights):
            check(rights[0], self.role, "")

    def pseudonymiser(self) -> "Pseudonymiser":
        """Give the pseudonyms of the identity key; KeyFileError where it is missing."""
        from trial.identity import Pseudonymiser

        return Pseudonymiser(self.keys().need("identity").secret)


def connected(*purposes: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command its connection, with options for the keys of these purposes."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def connect(**options: Any) -> Any:
            from trial.settings import load_settings

            names = [*SHARED, *(KEY_OPTIONS[purpose][1] for purpose in purposes)]
            settings = load_settings(**{name: options.pop(name) for name in names})
            connection = Connection(settings, purposes, options.pop("earlier_key", ()))
            connection.check_command()
            return command(connection, **options)

        for purpose in reversed(purposes):
            flag, name, words = KEY_OPTIONS[purpose]
            connect = click.option(flag, name, type=FILE, help=words)(connect)
        connect = click.option("--role", metavar="ROLE", help="Who asks (TRIAL_ROLE); needed in production.")(connect)
        late = "Write although the clock is over an hour behind the ledger (TRIAL_ACCEPT_CLOCK)."
        connect = click.option("--accept-clock", is_flag=True, default=None, help=late)(connect)
        folder = "Folder outside the database for signed checkpoints (TRIAL_CHECKPOINT_DIR)."
        connect = click.option("--checkpoint-dir", type=FILE, help=folder)(connect)
        return click.option("--db", help="Database URL (TRIAL_DB); sqlite:///trial.db if not named.")(connect)

    return decorate


def with_earlier_keys(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command that looks back --earlier-key: the trial keys that were exchanged for the one in force."""
    words = "Trial key of epochs before it was exchanged; may be given several times."
    return click.option("--earlier-key", type=FILE, multiple=True, help=words)(command)


def _opened(transaction: "Transaction") -> dict[str, str]:
    """Give trial_id and mode of a ledger that may be broken; empty where they cannot be told."""
    import json

    from trial.errors import LodtraekError

    try:
        opened = transaction.entry(1)
        payload = {} if opened is None else json.loads(opened.payload)
        return {name: str(payload[name]) for name in ("trial_id", "mode") if name in payload}
    except (LodtraekError, ValueError, TypeError):
        return {}
