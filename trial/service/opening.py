"""Opening a trial: the first entry locks the protocol and commits to the keys before anything is drawn.

1. The ledger holds the protocol and every file it refers to word for word, with the protocol's digest.
2. It holds the commitments of the trial key, of the epoch's key and of the identity key, and the public key that
   checkpoints are signed for.
3. Keys and trial are of one mode. Production needs a signing key and a folder for what it signs: without checkpoints
   a cut tail is not seen.
4. The value of a declared beacon may be entered with the opening, where its round is out already.
"""

from importlib.metadata import version
from pathlib import Path

from trial.errors import ProtocolError, StateError
from trial.infection import load_rule
from trial.keys import MODES, Keys
from trial.ledger import schema
from trial.ledger.checkpoint import public_key
from trial.ledger.epoch import Epoch
from trial.ledger.projection import Row, epoch_row
from trial.ledger.replay import begun
from trial.ledger.store import Transaction
from trial.procedures import declared
from trial.protocol import Protocol, digest, load_protocol, read_toml
from trial.protocol.references import code_file, references, rule_file
from trial.service.epochs import check_modes, enter_beacon
from trial.service.recording import record_imports
from trial.service.signing import check_kept

FIRST_EPOCH = 1


def opening(protocol_file: Path, keys: Keys, mode: str, checkpoint_dir: Path | None) -> Row:
    """Give the payload of the first entry; raise ProtocolError, KeyFileError or StateError where none may be made."""
    if mode not in MODES:
        raise StateError(f"the mode must be one of {', '.join(MODES)}", found=mode, mend="--mode test", code="mode")
    trial_key, identity_key = keys.need("trial"), keys.need("identity")
    check_kept(mode, keys, checkpoint_dir)
    check_modes(keys, mode)
    protocol, held = declaration(protocol_file)
    epoch = Epoch(FIRST_EPOCH, protocol, held["protocol"], trial_key.secret)
    return {
        **held,
        "format": "lodtraek-ledger/1",
        "trial_id": protocol.trial.id,
        "mode": mode,
        "epoch": FIRST_EPOCH,
        "key_commitment": trial_key.commitment,
        "epoch_key_commitment": epoch.key_commitment,
        "identity_commitment": identity_key.commitment,
        "signing_public_key": None if keys.signing is None else public_key(keys.signing.secret),
        "software": f"lodtraek {version('lodtraek')}",
    }


def declaration(protocol_file: Path) -> tuple[Protocol, Row]:
    """Read a protocol, and give it with what the ledger holds of it; raise ProtocolError where it is not lawful."""
    protocol = load_protocol(protocol_file)
    _check_procedure(protocol_file, protocol)
    folder = protocol_file.parent
    rule = f"rules/{protocol.infection.rule}.toml"
    files = {
        name: rule_file(protocol.infection.rule, folder) if name == rule else code_file(name, folder)
        for name in references(protocol, folder)
    }
    load_rule(files[rule] or protocol.infection.rule)
    return protocol, {
        "protocol": digest(protocol),
        "protocol_toml": protocol_file.read_bytes().decode(),
        "references": {name: path.read_bytes().decode() for name, path in files.items() if path is not None},
        "procedure": protocol.randomisation.procedure,
    }


def _check_procedure(protocol_file: Path, protocol: Protocol) -> None:
    """Raise what the procedure has against its declaration, at its line."""
    try:
        declared(protocol.randomisation, protocol.arms, protocol.stratification)
    except ProtocolError as error:
        source = read_toml(protocol_file)
        for problem in error.problems():
            key = tuple((problem.where or "").split("."))
            problem.where = source.where(key if key[0] in source.data else ("randomisation",))
        raise


def append_opening(transaction: Transaction, payload: Row, beacon_value: str | None = None) -> None:
    """Append the first entry, the value of the beacon where it is out already, and the files imported before."""
    entry = transaction.append("trial-opened@1", payload)
    transaction.insert(schema.EPOCHS, [epoch_row(entry.seq, payload)])
    epoch = begun(payload, (), entry.seq)
    if beacon_value is not None:
        transaction.flush()
        enter_beacon(transaction, epoch, payload["mode"], beacon_value)
    record_imports(transaction)
