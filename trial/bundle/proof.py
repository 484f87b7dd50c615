"""Verify a bundle on its own: without the database, with the key or without.

1. The ledger in the bundle is replayed like the one in the database; the first wrong row is named.
2. Every table must be what the ledger gives, the manifest what ledger and files give; what opens a seal must open it,
   unless its erasure is in the ledger.
3. The checkpoint in the manifest must be signed by the ledger's key and lie on the chain; one kept elsewhere as well.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from trial.bundle.read import Bundle, read_bundle
from trial.bundle.tables import Collector
from trial.bundle.write import declared_files, manifest
from trial.errors import LedgerError, LodtraekError
from trial.keys import SecretKey
from trial.ledger import checkpoint as checkpoints
from trial.ledger.entry import Entry, canonical, read_line
from trial.ledger.proof import Finding, Verification, follow, verification
from trial.ledger.replay import State, wrong
from trial.ledger.seal import Opening, Openings
from trial.ledger.tree import ledger_root


def verify_bundle(folder: Path, key: SecretKey | None = None, checkpoint: Path | None = None) -> Verification:
    """Verify a bundle; raise KeyFileError for a key the trial did not commit to, FileError where there is none."""
    state, collector, hashes_at = State(() if key is None else key.secrets), Collector(), dict[int, str]()
    against = None if checkpoint is None else checkpoints.read_checkpoint(checkpoint)
    try:
        bundle = read_bundle(folder)
    except LedgerError as error:
        return verification(state, key, against, [Finding(str(error.where), str(error.found))])

    def entries() -> Iterator[Entry]:
        for entry in _entries(bundle):
            hashes_at[entry.seq] = entry.hash
            yield entry

    findings = list(follow(state, entries(), key, collector.take))
    if not findings:
        findings = list(_compare(bundle, state, collector, hashes_at))
    if against is not None:
        roots = partial(_root_of, hashes_at)
        problem = checkpoints.contradiction(against, state.opening, state.head, hashes_at.get, roots)
        findings += [] if problem is None else [Finding(f"checkpoint {checkpoint}", f"the ledger has {problem}")]
    return verification(state, key, against, findings)


def _root_of(hashes_at: dict[int, str], length: int) -> str:
    return ledger_root(hashes_at[number] for number in range(1, length + 1))


def _entries(bundle: Bundle) -> Iterator[Entry]:
    for number, line in enumerate(bundle.ledger(), start=1):
        try:
            yield read_line(line)
        except (ValueError, TypeError) as error:
            raise wrong(number, str(error)) from None


def _compare(bundle: Bundle, state: State, collector: Collector, hashes_at: dict[int, str]) -> Iterator[Finding]:
    try:
        openings = Openings(Opening(**row) for row in bundle.personal.to_pylist())
        faults = [Finding(where, problem) for where, problem in openings.faults(state.seals, state.erased)]
        tables = collector.tables(state, openings)
    except (ValueError, TypeError, KeyError):
        yield Finding("personal.parquet", "its rows must be seals with salt and content")
        return
    yield from faults
    for name, table in tables.items():
        if not table.equals(getattr(bundle, name.removesuffix(".parquet"))):
            yield Finding(name, "it must be what the ledger gives")
    for name, text in declared_files(state).items():
        if not (bundle.folder / name).is_file() or (bundle.folder / name).read_bytes() != text.encode():
            yield Finding(name, "it must be what the ledger holds")
    signed = None
    if bundle.manifest.get("checkpoint") is not None:
        try:
            signed = checkpoints.checkpoint_of(canonical(bundle.manifest["checkpoint"]).encode(), "manifest.json")
        except (LodtraekError, TypeError):
            yield Finding("manifest.json", "its checkpoint must be one")
            return
        roots = partial(_root_of, hashes_at)
        problem = checkpoints.contradiction(signed, state.opening, state.head, hashes_at.get, roots)
        if problem or not signed.is_signed():
            yield Finding("manifest.json", f"its checkpoint must hold: the ledger has {problem or 'another key'}")
    expected = manifest(state, tables, signed, bundle.manifest["files"])
    different = [name for name in expected if name != "versions" and expected[name] != bundle.manifest.get(name)]
    if different:
        yield Finding("manifest.json", f"its {', '.join(different)} must be what the ledger gives")
