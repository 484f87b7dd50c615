"""Verify a randomised trial with Python alone: nothing of the program that ran it is used here.

    python verifier.py BUNDLE --key FILE     FILE: the revealed trial key, or the revealed key of the epoch
    python verifier.py --proof FILE          one citizen's entry beside a checkpoint; no bundle, no key

Exit 0: what follows holds. Exit 1: it does not; the first wrong row of the ledger, or the wrong file, is named.
 1. FILES. Each has the SHA-256 that manifest.json gives; there is no other. Tables (.parquet) are not opened.
 2. CHAIN. ledger.jsonl has an entry a line: canonical JSON (sorted keys, no blanks). They count 1, 2, 3 ...; `prev`
    is the hash of the entry above (64 zeros for the first), `hash` the SHA-256 of the line without its hash.
 3. COMMITMENTS. The first entry holds the protocol, its digest (SHA-256 of the parsed values as RFC 8785 JSON), and
    the SHA-256 of the trial key and of the epoch key. Keys that fit were chosen before the first citizen arrived.
 4. KEYS. A field is its length in bytes, ":", its UTF-8 bytes, ","; HMAC is HMAC-SHA256 over fields one after the
    other. Epoch key = HMAC(trial key; "lodtraek-epoch/1", trial, epoch). With a declared beacon, draws use HMAC(epoch
    key; "lodtraek-beacon/1", name, round, value). Compare the value with what the beacon published after the opening.
 5. DRAWS. Word = HMAC(key; "lodtraek-draw/1", trial, epoch, scope, step, purpose, counter), a number. A draw below n:
    words of counter 0, 1, ... until one is below the greatest multiple of n up to 2^256; its remainder by n. Where n
    is above 2^256 several words make one number. For n = 1 it is 0.
 6. ANSWERS. A citizen has one, on a day of enrolment: an arm, or the reason why not. Nobody gets an arm in a paused
    municipality, as the ledger knew it then; nobody is turned away for a pause that was not. Levels are declared.
 7. STEPS. A scope is a stratum, or "" where the procedure sees the whole trial. Its steps are 0, 1, 2 ...
 8. PROBABILITIES follow from who got which arm before, by `weigh`. An arm of ratio r is r slots that are treated
    alike; which was drawn is a draw of its own. Procedures `weigh` does not know: taken as recorded, and said so.
 9. ARMS. With probabilities w1/d, w2/d, ... (d least), the draw below d at the step with purpose "arm" falls into the
    stretch of the recorded arm, the arms laid end to end in the protocol's order.
10. CHECKPOINT. Root: the Merkle tree of RFC 6962 over the entries' hashes (32 bytes each). Its signature is Ed25519,
    which Python alone cannot check. A chain does not see a cut tail: compare head and root with what was published.
"""

import hmac
import json
import re
import sys
import tomllib
from datetime import date
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from math import gcd, lcm
from pathlib import Path
from typing import Any

Row = dict[str, Any]
AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
BY_SLOT = {"simple@1", "efron@1", "chen@1", "big-stick@1", "wei-urn@1", "pocock-simon@1", "hu-hu@1"}
SEES_ALL = {"pocock-simon@1", "hu-hu@1", "balancing-walk@1", "cluster@1", "saturation@1"}


def need(holds: object, must: str) -> None:
    if not holds:
        raise ValueError(must)


def canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def rfc8785(value: Any) -> str:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: str(key).encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(key)}:{rfc8785(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(rfc8785, value)) + "]"
    if isinstance(value, float):
        plain = not value or 1e-6 <= abs(value) < 1e21
        text = f"{Decimal(repr(value)):f}" if plain else re.sub(r"e([+-])0", r"e\1", repr(value))
        return text.removesuffix(".0") if value else "0"
    return canonical(value.isoformat() if isinstance(value, date) else value)


def fields(*values: str | int) -> bytes:
    return b"".join(b"%d:%b," % (len(data), data) for data in (str(value).encode() for value in values))


def pick(weights: list[int], number: int) -> int:
    return next(index for index in range(len(weights)) if number < sum(weights[: index + 1]))


class Draws:  # of one scope (rule 5), with its steps and what was counted in its cells so far
    def __init__(self, key: bytes, opening: Row, scope: str) -> None:
        self._begun = hmac.new(key, fields("lodtraek-draw/1", opening["trial_id"], opening["epoch"], scope), "sha256")
        self.steps, self.ends, self.seen = 0, [0], dict[tuple[str, str], list[int]]()

    def below(self, n: int, step: int, purpose: str) -> int:
        counter, value, span = 0, 0, 1
        while n > 1 and not (span >= n and value < span - span % n):
            value, span = (0, 1) if span >= n else (value, span)
            word = self._begun.copy()
            word.update(fields(step, purpose, counter))
            value, span, counter = value << 256 | int.from_bytes(word.digest(), "big"), span << 256, counter + 1
        return value % n


class Design:  # what a protocol declares about arms, factors and procedure; `owners`: the arm of each slot
    def __init__(self, protocol: Row, folder: Path) -> None:
        self.given, self.name = protocol["randomisation"], str(protocol["randomisation"]["procedure"])
        self.arms: list[str] = [arm["name"] for arm in protocol["arms"]]
        shared = gcd(*(arm["ratio"] for arm in protocol["arms"]))
        self.ratio: list[int] = [arm["ratio"] // shared for arm in protocol["arms"]]
        self.owners = [arm for arm, n in enumerate(self.ratio) for _ in range(n if self.name in BY_SLOT else 1)]
        self.factors, self.known = [one["factor"] for one in protocol["stratification"]], set[tuple[str, str]]()
        for one in protocol["stratification"]:
            levels = one.get("levels") or (folder / one["levels_from"]).read_text("utf-8").splitlines()[1:]
            self.known |= {(one["factor"], level.split(",")[0].strip('"')) for level in levels}

    def favour(self, scores: list[Any]) -> list[int]:
        """A slot of least score has probability p among K slots; several have its odds, (K-1)p/(1-p), each."""
        best, p = [score == min(scores) for score in scores], Fraction(str(self.given["probability"]))
        odds = Fraction(1) if all(best) else (len(best) - 1) * p / (1 - p)
        return [odds.numerator if one else odds.denominator for one in best]

    def weigh(self, row: Row, cells: dict[str, list[int]], draws: Draws) -> list[int]:
        """Weigh the slots by how often each was drawn: in the scope ("all"), in each level and in the stratum."""
        counts, given, name = cells["all"], self.given, self.name
        if name in {"simple@1", "efron@1", "big-stick@1", "chen@1"}:  # alike, or a coin for the rarest; or an edge
            pull = self.favour(counts) if "probability" in given else [1] * len(counts)
            edge = min(counts) + given.get("tolerance", sum(counts) + 1)  # a slot that leads so far is not drawn
            return [weight * (n < edge) for weight, n in zip(pull, counts, strict=True)]
        if name == "wei-urn@1":  # alpha balls a slot; each draw adds beta balls of every other slot
            balls = [given["alpha"] + given["beta"] * (sum(counts) - n) for n in counts]
            return balls if any(balls) else [1] * len(counts)
        if name == "permuted-block@1":  # what the block has left; the size of block k is the draw at step k
            while draws.ends[-1] <= sum(counts):
                size = draws.below(len(given["sizes"]), len(draws.ends) - 1, "block-size")
                draws.ends.append(draws.ends[-1] + given["sizes"][size])
            return [draws.ends[-1] * part // sum(self.ratio) - n for part, n in zip(self.ratio, counts, strict=True)]
        if name in {"pocock-simon@1", "hu-hu@1"}:
            return self.favour([self.imbalance(cells, slot) for slot in range(len(counts))])
        shares = [Fraction(row["probabilities"][arm]) for arm in self.arms]  # as recorded
        return [int(share * lcm(*(one.denominator for one in shares))) for share in shares]

    def imbalance(self, cells: dict[str, list[int]], slot: int) -> Fraction:
        """Hu-Hu: the slot's weighted counts. Pocock-Simon: the levels' weighted ranges with one more of the slot."""
        if self.name == "hu-hu@1":
            weights = dict.fromkeys(cells, self.given["margin"]) | {"all": self.given["overall"]}
            weights["stratum"] = self.given["stratum"]
            scores = {kind: counts[slot] for kind, counts in cells.items()}
        else:
            weights = dict.fromkeys(self.factors, 1) | self.given.get("weights", {})
            after = {one: [n + (other == slot) for other, n in enumerate(cells[one])] for one in self.factors}
            scores = {one: max(counts) - min(counts) for one, counts in after.items()}
        return sum((Fraction(str(weights[one])) * score for one, score in scores.items()), Fraction(0))


class Ledger:  # the state after the entries so far; `take` raises an error saying what must hold of the next one
    def __init__(self, folder: Path, key_file: dict[str, str]) -> None:
        self.folder, self.key_file, self.hashes, self.at = folder, key_file, ["0" * 64], ""
        self.answers, self.scopes, self.clusters = dict[str, str | None](), dict[str, Draws](), Row()
        self.pauses: dict[str, dict[str, str]] = {}

    def take(self, line: str) -> None:
        entry = json.loads(line)
        need(canonical(entry) == line and len(entry) == 6, "its line must be the canonical JSON of its six fields")
        need(AT.fullmatch(entry["at"]) and entry["at"] >= self.at, "its time must be UTC, not before the row above")
        follows = (entry["seq"], entry["prev"]) == (len(self.hashes), self.hashes[-1])
        need(follows, f"its number must be {len(self.hashes)}, its prev the hash of the row above")
        self.hashes.append(entry["hash"])
        rest = line.replace(f'"hash":"{entry["hash"]}",', "", 1)
        need(sha256(rest.encode()).hexdigest() == entry["hash"], "its hash must be that of its content")
        need((entry["seq"] == 1) == (entry["kind"] == "trial-opened@1"), "the first row alone must open the trial")
        rule = "on_" + entry["kind"].removesuffix("@1").replace("-", "_")
        need(entry["kind"].endswith("@1") and hasattr(self, rule), "its kind must be known")
        getattr(self, rule)(entry["payload"])
        self.at = entry["at"]

    def on_trial_opened(self, row: Row) -> None:
        self.row, protocol = row, tomllib.loads(row["protocol_toml"])
        need(sha256(rfc8785(protocol).encode()).hexdigest() == row["protocol"], "its digest must be the protocol's")
        for name, text in {"protocol.toml": row["protocol_toml"], **row["references"]}.items():
            need((self.folder / name).read_bytes() == text.encode(), f"{name} of the bundle must be the one it holds")
        self.design, self.days = Design(protocol, self.folder), protocol["trial"]["enrolment"]
        need(row["trial_id"] == protocol["trial"]["id"], "its trial must be that of the protocol")
        self.key, self.beacon = bytes.fromhex(self.key_file["key"]), self.design.given.get("beacon")
        if self.key_file["format"] == "lodtraek-key/1":
            need(sha256(self.key).hexdigest() == row["key_commitment"], "it must commit to the key that was given")
            self.key = hmac.digest(self.key, fields("lodtraek-epoch/1", row["trial_id"], row["epoch"]), "sha256")
        need(sha256(self.key).hexdigest() == row["epoch_key_commitment"], "it must commit to the key of the epoch")

    def on_beacon(self, row: Row) -> None:
        need(self.beacon and not self.answers, "a beacon's value must be entered once, before anybody is answered")
        need({"name": row["name"], "round": row["round"]} == self.beacon, "its round must be the declared one")
        value = fields("lodtraek-beacon/1", row["name"], row["round"], row["value"])
        self.key, self.beacon = hmac.digest(self.key, value, "sha256"), None

    def answer(self, row: Row, arm: str | None) -> bool:  # tells whether the municipality is paused that day
        need(row["participant_id"] not in self.answers, "a citizen must have one answer")
        need(not self.beacon, "nobody may be answered before the beacon's value is entered")
        need(all(row[one] == self.row[one] for one in ("epoch", "protocol")), "its epoch must be the one in force")
        on = date.fromisoformat(row["on"])
        need(self.days["from"] <= on <= self.days["to"], "its day must lie within enrolment")
        self.answers[row["participant_id"]] = arm
        return any(first <= row["on"] < end for first, end in self.pauses.get(row["municipality_code"], {}).items())

    def on_not_randomised(self, row: Row) -> None:
        paused = self.answer(row, None) and row["reason"] == "paused:" + row["municipality_code"]
        need(paused or row["reason"].startswith("excluded:"), "its reason must be an exclusion, or a pause that day")

    def on_assigned(self, row: Row) -> None:
        need(not self.answer(row, row["arm"]), "nobody may be assigned in a pause")
        design, levels = self.design, row["levels"]
        fit = len(levels) == len(design.factors) and levels.items() <= design.known
        need(fit and row["stratum"] == "/".join(levels[one] for one in design.factors), "its levels must be declared")
        need(row["procedure"] == design.name and row["arm"] in design.arms, "arm and procedure must be declared")
        scope = "" if design.name in SEES_ALL else row["stratum"]
        draws = self.scopes[scope] = self.scopes.get(scope) or Draws(self.key, self.row, scope)
        need(row["step"] == draws.steps, f"its step must be {draws.steps}")
        draws.steps += 1
        first = row if design.name != "cluster@1" else self.clusters.setdefault(levels[design.given["factor"]], row)
        if first is row:
            self.draw(row, draws, design.arms.index(row["arm"]))
        same = (row["arm"], row["probabilities"]) == (first["arm"], first["probabilities"])
        need(same, "its arm and probabilities must be those of its cluster")

    def draw(self, row: Row, draws: Draws, arm: int) -> None:
        arms, owners, sees_all = self.design.arms, self.design.owners, self.design.name in SEES_ALL
        places = [("all", ""), ("stratum", row["stratum"]), *row["levels"].items()][: 9 if sees_all else 1]
        cells = {kind: draws.seen.setdefault((kind, level), [0] * len(owners)) for kind, level in places}
        slots = list(zip(self.design.weigh(row, cells, draws), owners, strict=True))
        weights = [sum(weight for weight, owner in slots if owner == one) for one in range(len(arms))]
        chances = {name: str(Fraction(one, sum(weights))) for name, one in zip(arms, weights, strict=True)}
        need(row["probabilities"] == chances, "its probabilities must be those of the procedure")
        least = [weight // gcd(*weights) for weight in weights]
        need(pick(least, draws.below(sum(least), row["step"], "arm")) == arm, "its arm must be the one the key draws")
        own = [weight if owner == arm else 0 for weight, owner in slots]
        slot = pick(own, draws.below(sum(own), sum(cells["all"]), "slot"))
        for cell in cells.values():
            cell[slot] += 1

    def on_pause_opened(self, row: Row) -> None:
        known = self.pauses.setdefault(row["municipality_code"], {})
        need(all(end <= row["closed_on"] for end in known.values()), "a pause must begin after the last has ended")
        known[row["closed_on"]] = "9"  # after every day: until it is known when it ends

    def on_pause_closed(self, row: Row) -> None:
        known, first, end = self.pauses[row["municipality_code"]], row["closed_on"], row["reopened_on"] or "9"
        fits = first in known and first < end and all(end <= other for other in known if other > first)
        need(fits, "a pause must be known, last a day at least, and end before the next one begins")
        known[first] = end

    on_pause_corrected = on_pause_closed
    on_conversation = on_infection_imported = on_dry_run = on_corrected = on_erased = bool  # no arm rests on these


def root(hashes: list[str]) -> bytes:
    if len(hashes) == 1:
        return sha256(b"\0" + bytes.fromhex(hashes[0])).digest()
    left = 1 << (len(hashes) - 1).bit_length() - 1  # the left part has the largest power of two below the length
    return sha256(b"\1" + root(hashes[:left]) + root(hashes[left:])).digest()


def verify_proof(proof: Row) -> str:
    entry, own_hash = proof["entry"], proof["entry"].pop("hash")
    need(sha256(canonical(entry).encode()).hexdigest() == own_hash, "the entry's hash must be that of its content")
    found = root([own_hash])
    for [side, beside] in (part for step in proof["path"] for part in step.items()):
        pair = (bytes.fromhex(beside), found) if side == "left" else (found, bytes.fromhex(beside))
        found = sha256(b"\1" + pair[0] + pair[1]).digest()
    need(found.hex() == proof["checkpoint"]["root"], "the path must lead from the entry to the checkpoint's root")
    return f"{canonical(entry)} is in the ledger of {proof['checkpoint']['length']} rows with root {found.hex()}."


def verify_bundle(folder: Path, key_file: dict[str, str]) -> str:
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    paths = [path for path in folder.rglob("*") if path.is_file() and path != folder / "manifest.json"]
    files = {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in paths}
    wrong = sorted(dict(files.items() ^ manifest["files"].items()))
    need(not wrong, f"{', '.join(wrong)}: every file must have the SHA-256 of the manifest")
    ledger = Ledger(folder, key_file)
    for number, line in enumerate((folder / "ledger.jsonl").read_text("utf-8").split("\n")[:-1], start=1):
        try:
            ledger.take(line)
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            raise ValueError(f"ledger row {number}: {error}") from error
    length, head = len(ledger.hashes) - 1, ledger.hashes[-1]
    need(length, "ledger row 1: it must open the trial")
    need((length, head) == (manifest["ledger_length"], manifest["ledger_head"]), "manifest.json: another ledger's")
    signed = {"length": length, "head": head, "root": root(ledger.hashes[1:]).hex()}.items()
    need(signed <= (manifest["checkpoint"] or dict(signed)).items(), "manifest.json: another ledger's checkpoint")
    arms, name = sum(arm is not None for arm in ledger.answers.values()), ledger.design.name
    chances = "by the rule" if name in BY_SLOT | {"permuted-block@1"} else "TAKEN AS RECORDED"
    return f"{length} rows, head {head}. {arms} arms drawn anew by {name}, probabilities {chances}."


def main(arguments: list[str]) -> int:
    try:
        match arguments:
            case ["--proof", proof]:
                verdict = verify_proof(json.loads(Path(proof).read_text("utf-8")))
            case [bundle, "--key", key]:
                verdict = verify_bundle(Path(bundle), json.loads(Path(key).read_text("utf-8")))
            case _:
                return 2 if sys.stderr.write(str(__doc__)) else 1
    except (ValueError, KeyError, TypeError, IndexError, OSError) as error:
        sys.stdout.write(f"It does not hold: {error}\n")
        return 1
    sys.stdout.write(f"It holds. {verdict} The checkpoint's signature was not checked.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
