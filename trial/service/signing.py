"""Signing where the ledger ends: checkpoints, under a Merkle root that is kept up with the ledger.

1. The tree over the ledger grows in memory with it, so that a checkpoint costs as much as what is new.
2. Where a folder is given, every checkpoint is written there too; a ledger that is shorter or other than the newest
   one is refused when the trial is opened (`proving`).
3. A folder that cannot be written to refuses a change before it is made. Where a checkpoint fails all the same, the
   change is in the ledger, and whoever asked is told so; the next checkpoint speaks for it as well.
4. In production every change is signed and kept: who would change the ledger without a folder or a signing key is
   refused before anything is done. In test and training one may go without, and then nothing is signed or kept.
"""

from pathlib import Path
from threading import Lock

from trial.errors import FileError, StateError
from trial.keys import Keys
from trial.ledger import checkpoint as checkpoints
from trial.ledger.chain import Head
from trial.ledger.checkpoint import Checkpoint
from trial.ledger.projection import Row
from trial.ledger.store import Store
from trial.ledger.tree import Frontier, entry_leaf


def check_kept(mode: str, keys: Keys, folder: Path | None) -> None:
    """Raise an error where a change of the ledger is to leave a checkpoint, and could leave none."""
    if mode == "production":
        keys.need("signing")
    if folder is not None and keys.signing is not None:
        checkpoints.check_folder(folder)
    if mode == "production" and folder is None:
        raise StateError(
            "in production every change must leave a signed checkpoint outside the database",
            found="no checkpoint folder", mend="name one: --checkpoint-dir DIR, or set TRIAL_CHECKPOINT_DIR",
            code="checkpoint-folder",
        )  # fmt: skip


class Signer:
    """What signs the ledger of one trial."""

    def __init__(self, store: Store, opened: Row, keys: Keys, folder: Path | None) -> None:
        """`opened` is the payload of the trial's first entry."""
        self._store, self._keys, self._folder = store, keys, folder
        self._trial_id, self._mode = opened["trial_id"], opened["mode"]
        self._tree, self._lock = Frontier(), Lock()

    def check(self) -> None:
        """Raise an error where a change is to leave a checkpoint, and could leave none."""
        check_kept(self._mode, self._keys, self._folder)

    def sign(self, head: Head) -> Checkpoint | None:
        """Sign that the ledger ended in `head`; None without a signing key."""
        if self._keys.signing is None:
            return None
        signed = checkpoints.sign(self._trial_id, head, self._root(head.length), self._keys.signing.secret)
        if self._folder is not None:
            checkpoints.write_checkpoint(self._folder, signed)
        return signed

    def written(self, head: Head) -> None:
        """Sign after a change, where a checkpoint has a folder to go to; raise FileError where that fails."""
        if self._folder is None:
            return
        try:
            self.sign(head)
        except FileError as error:
            raise FileError(
                "a change must leave a checkpoint", found=error.found, where=error.where,
                mend="what was asked is done, and in the ledger: asking again gives the same answer. Make the folder "
                "writable; the next change, or trial export, leaves a checkpoint of all of it",
                code="checkpoint-unkept",
            ) from error  # fmt: skip

    def newest(self, head: Head) -> Checkpoint:
        """Give a checkpoint made now, else the newest one kept; raise StateError where there is none."""
        path = None if self._folder is None else checkpoints.newest(self._folder, self._trial_id)
        found = self.sign(head) or (None if path is None else checkpoints.read_checkpoint(path))
        if found is None:
            raise StateError(
                "a proof needs a signed checkpoint", found="no signing key and no checkpoint folder",
                mend="name one: --signing-key FILE or --checkpoint-dir DIR", code="checkpoint-missing",
            )  # fmt: skip
        return found

    def _root(self, length: int) -> str:
        """Give the Merkle root over the first entries, reading those that the tree does not hold yet."""
        with self._lock, self._store.read() as transaction:
            tree = self._tree if self._tree.length <= length else Frontier()
            tree.extend(map(entry_leaf, transaction.hashes(tree.length, length)))
            return tree.root().hex()
