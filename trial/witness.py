"""Check with Python alone that a citizen's answer is in a ledger somebody kept the root of: no bundle, no key.

    python witness.py PROOF               PROOF: the file that `trial proof` wrote
    python witness.py PROOF BUNDLE        and that the root it leads to is that of the ledger in a bundle

Exit 0: it holds. Exit 1: it does not.
1. The entry's `hash` is the SHA-256 of its canonical JSON (sorted keys, no blanks) without the hash.
2. Its record id is the SHA-256 of the salt and of {"participant_id":PSEUDONYM}, where the proof names them.
3. The path leads to the root of the checkpoint: a Merkle tree of RFC 6962 over the entries' hashes (32 bytes each).
4. The checkpoint's signature is Ed25519, which Python alone cannot check: compare its root with the one that was
   published, or check the signature with another tool. `verifier.py` draws the arms of a bundle anew.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def leaf(entry_hash: str) -> bytes:
    return sha256(b"\0" + bytes.fromhex(entry_hash)).digest()


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def root(hashes: list[str]) -> bytes:
    if len(hashes) == 1:
        return leaf(hashes[0])
    left = 1 << (len(hashes) - 1).bit_length() - 1  # the left part has the largest power of two below the length
    return node(root(hashes[:left]), root(hashes[left:]))


def check(proof: Row) -> str:
    """Give what a proof shows; raise ValueError where it shows nothing."""
    entry, checkpoint = dict(proof["entry"]), proof["checkpoint"]
    own = entry.pop("hash")
    if sha256(canonical(entry)).hexdigest() != own:
        raise ValueError("the entry's hash must be that of its content")
    if citizen := proof.get("citizen"):
        content = canonical({"participant_id": citizen["participant_id"]})
        if sha256(bytes.fromhex(citizen["salt"]) + content).hexdigest() != entry["payload"]["participant_id"]:
            raise ValueError("pseudonym and salt must open the record id of the entry")
    found = leaf(own)
    for [side, beside] in (part for step in proof["path"] for part in step.items()):
        other = bytes.fromhex(beside)
        found = node(other, found) if side == "left" else node(found, other)
    if found.hex() != checkpoint["root"]:
        raise ValueError("the path must lead from the entry to the checkpoint's root")
    return f"{canonical(entry).decode()} is in the ledger of {checkpoint['length']} rows with root {found.hex()}."


def check_bundle(proof: Row, bundle: Path) -> str:
    """Tell that the checkpoint of a proof is that of a bundle's ledger; raise ValueError where it is not."""
    lines = (bundle / "ledger.jsonl").read_text("utf-8").splitlines()[: proof["checkpoint"]["length"]]
    hashes = [json.loads(line)["hash"] for line in lines]
    if len(hashes) != proof["checkpoint"]["length"] or root(hashes).hex() != proof["checkpoint"]["root"]:
        raise ValueError("the bundle's ledger must have the checkpoint's root")
    return "That root is that of the bundle's ledger."


def main(arguments: list[str]) -> int:
    if len(arguments) not in {1, 2}:
        return 2 if sys.stderr.write(str(__doc__)) else 1
    try:
        proof = json.loads(Path(arguments[0]).read_bytes())
        found = [check(proof), *(check_bundle(proof, Path(one)) for one in arguments[1:])]
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        sys.stdout.write(f"It does not hold: {error}\n")
        return 1
    sys.stdout.write(f"It holds. {' '.join(found)} The checkpoint's signature was not checked.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
