"""Verify a randomised trial with Python alone, nothing of the program that ran it: verifier.py BUNDLE --key FILE...

FILE: a revealed key, of the trial or an epoch. Exit 0: what follows holds; 1: the first wrong row or file is named.
1. FILES have the SHA-256 that manifest.json gives; there is no other. Tables (.parquet) are not opened.
2. CHAIN. ledger.jsonl has an entry a line: canonical JSON, numbered; `prev` is the hash of the entry above, `hash`
   that of the line without it (SHA-256). A cut tail is not seen: compare length and head with a published checkpoint.
3. COMMITMENTS. The first entry holds protocol, digest (SHA-256 of protocol.json, RFC 8785) and the SHA-256 of the
   keys: chosen before the first citizen. An amendment holds the same of an epoch, or a new trial key; scopes close.
4. KEYS. A field is its length in bytes, ":", its UTF-8 bytes, ","; HMAC is HMAC-SHA256 over fields one after the
   other. Epoch key = HMAC(trial key; "lodtraek-epoch/1", trial, epoch). With a declared beacon, draws use HMAC(epoch
   key; "lodtraek-beacon/1", name, round, value). Compare the value with what the beacon published.
5. DRAWS. Word = HMAC(key; "lodtraek-draw/1", trial, epoch, scope, step, purpose, counter), a number. A draw below n:
   words of counter 0, 1, ... until one is below the greatest multiple of n up to 2^256; its remainder by n. Above
   2^256 several words make one number. A scope is a stratum, or "" for the whole trial; its steps are 0, 1, 2 ...
6. ANSWERS. A citizen has one, on a day of enrolment: an arm, or an exclusion, or a pause as the ledger knew it then.
7. ARMS. Probabilities w1/d, w2/d, ... (d least) follow from who got which arm before; an arm of ratio r is r slots.
   The draw below d at the step, purpose "arm", falls into the arm's stretch, in the protocol's order. A batch is one.
"""

import hmac
import json
import sys
import tomllib
from bisect import bisect
from collections import Counter
from datetime import date, datetime
from fractions import Fraction
from functools import cache
from hashlib import sha256
from itertools import accumulate
from math import gcd
from pathlib import Path
from typing import Any

Row = dict[str, Any]
LEVELS = ["pocock-simon@1", "hu-hu@1", "balancing-walk@1", "matched-pairs@1", "rerandomisation@2", "saturation@1"]
COUNTS = ["simple@1", "complete@1", "permuted-block@1", "efron@1", "wei-urn@1", "big-stick@1", "chen@1", "maximal@1"]


def need(holds: object, must: str) -> None:
    if not holds:
        raise ValueError(must)


def fields(*values: str | int) -> bytes:
    return b"".join(b"%d:%b," % (len(data), data) for data in (str(value).encode() for value in values))


class Draws:  # of one scope (rule 5), with its steps and how often each slot was drawn in its cells so far
    def __init__(self, key: bytes | None, epoch: Row, scope: str, prefix: str = "") -> None:
        self.key, self.place = key or b"", fields("lodtraek-draw/1", epoch["trial_id"], epoch["epoch"], scope)
        self.steps, self.ends, self.seen, self.prefix = 0, [0], Counter[tuple[str, str, int]](), prefix

    def below(self, n: int, step: int, purpose: str) -> int:
        counter, value, span = 0, 0, 1
        while n > 1 and not (span >= n and value < span - span % n):
            value, span = (0, 1) if span >= n else (value, span)
            word = hmac.digest(self.key, self.place + fields(step, self.prefix + purpose, counter), "sha256")
            value, span, counter = value << 256 | int.from_bytes(word, "big"), span << 256, counter + 1
        return value % n

    def pick(self, weights: list[int], step: int, purpose: str) -> int:  # the stretch in which the draw falls
        return bisect(list(accumulate(weights)), self.below(sum(weights), step, purpose))

    def shuffled(self, items: list[Any], step: int, purpose: str) -> list[Any]:
        found = list(items)  # taken one by one; the last of those left fills the place of the one taken
        for more, last in enumerate(range(len(found) - 1, -1, -1)):
            index = self.below(last + 1, step + more, purpose)
            found[index], found[last] = found[last], found[index]
        return found[::-1]


class Rule:  # how a procedure weighs the slots of its arms
    def __init__(self, given: Row, ratio: dict[str, int], factors: list[str]) -> None:
        self.given, self.name, self.arms, self.factors = given, str(given["procedure"]), list(ratio), factors
        need(self.name in COUNTS + LEVELS, "its procedure must be known here")
        self.together = {"matched-pairs@1": self.in_pairs, "rerandomisation@2": self.most_even}.get(self.name)
        self.slots = [arm for arm, part in ratio.items() for _ in range(part // gcd(*ratio.values()))]

    @staticmethod
    @cache
    def ways(leads: tuple[int, ...], slot: int, left: int, tolerance: int) -> int:  # on from one more of a slot
        after = sorted(n + (k == slot) for k, n in enumerate(leads))
        leads = tuple(n - after[0] for n in after)
        if left and leads[-1] <= tolerance:
            return sum(Rule.ways(leads, one, left - 1, tolerance) for one in range(len(leads)))
        return int(leads[-1] <= tolerance)

    def weigh(self, cells: dict[str, list[int]], draws: Draws, scores: Any = None) -> list[int]:
        counts, given, own, ends, slots = cells["overall"], self.given, self.slots, draws.ends, range(len(self.slots))
        while "sizes" in given and ends[-1] <= sum(counts):  # the size of block k is the draw at step k
            ends.append(ends[-1] + given["sizes"][draws.below(len(given["sizes"]), len(ends) - 1, "block-size")])
        if "sizes" in given or "total" in given:  # what is left; an arm counts as its first slot
            (each, more), left = divmod(given.get("total", ends[-1]), len(own)), list(own)
            odd = [left.pop(draws.below(len(left), one, "remainder")) for one in range(more)]
            return [(each * own.count(a) + odd.count(a) - counts[k]) * (own.index(a) == k) for k, a in enumerate(own)]
        if self.name == "balancing-walk@1":  # against the sum of first less second; too far out it starts again
            along = sum(a - b for kind, (a, b) in cells.items() if kind != "stratum")
            draws.seen, along = (Counter(), 0) if abs(along) > Fraction(str(given["alpha"])) else (draws.seen, along)
            lean = Fraction(str(given["phi"])) * along / Fraction(str(given["alpha"]))
            return [lean.denominator - lean.numerator, lean.denominator + lean.numerator]
        if self.name == "maximal@1":  # lawful sequences to the window's end that begin with the slot, short first
            leads, until = tuple(n - min(counts) for n in counts), given["horizon"] - sum(counts) % given["horizon"]
            return [[Rule.ways(leads, slot, more, given["tolerance"]) for more in range(until)][-1] for slot in slots]
        if self.name == "wei-urn@1":  # alpha balls a slot; each draw adds beta balls of every other slot
            return [(given["alpha"] or not sum(counts)) + given["beta"] * (sum(counts) - n) for n in counts]
        scores = scores or counts  # a slot of least score is weighed higher: alone it has probability p
        if self.name == "hu-hu@1":  # the slot's weighted counts
            scores = [sum(Fraction(str(given.get(c, given["margin"]))) * cells[c][k] for c in cells) for k in slots]
        if self.name == "pocock-simon@1":  # the levels' weighted ranges with one more of the slot
            share = {one: Fraction(str(given.get("weights", {}).get(one, 1))) for one in self.factors}
            after = [[sorted(n + (k == slot) for k, n in enumerate(cells[one])) for one in share] for slot in slots]
            scores = [sum(w * (ns[-1] - ns[0]) for w, ns in zip(share.values(), one, strict=True)) for one in after]
        p, edge = Fraction(str(given.get("probability", 0))), min(counts) + given.get("tolerance", sum(counts) + 1)
        high, low = ((len(slots) - 1) * p / (1 - p) if p and min(scores) < max(scores) else 1).as_integer_ratio()
        return [(high if scores[k] == min(scores) else low) * (n < edge) for k, n in enumerate(counts)]

    def in_pairs(self, rows: list[Row], draws: Draws, step: int) -> list[Any]:  # groups that agree, on ever less
        size, places, left = len(self.slots), list[int](), list(range(len(rows)))
        for depth in range(len(self.factors), -1, -1):
            alike = dict[tuple[str, ...], list[int]]()
            for index in left:
                alike.setdefault(tuple(rows[index]["levels"][one] for one in self.factors[:depth]), []).append(index)
            places += [index for some in alike.values() for index in some[: len(some) - len(some) % size]]
            left = sorted(set(left).difference(places))
        arms = [one for n in range(0, len(rows), size) for one in draws.shuffled(self.slots, step + n, "pair")]
        return [(arm, []) for _, arm in sorted(zip(places + left, arms, strict=False))]

    def most_even(self, rows: list[Row], draws: Draws, step: int) -> list[Any]:  # least expected distance
        found, arms, levels = list[Any](), range(len(self.arms)), [row["levels"].items() for row in rows]
        met = Counter(one for own in levels for one in own)  # far: chi-square of arm by level, but for a constant
        sizes = {one: count + sum(draws.seen[*one, k] for k in arms) for one, count in met.items()}
        for number in range(self.given["candidates"]):
            order = draws.shuffled([*arms], step, f"candidate {number} arms")
            places = draws.shuffled([*range(len(rows))], step, f"candidate {number} units")
            turns = [[order[(place + turn) % len(order)] for place in places] for turn in arms]
            added = [Counter((*one, k) for own, k in zip(levels, turn, strict=True) for one in own) for turn in turns]
            far = [sum(Fraction(n * (2 * draws.seen[c] + n), sizes[c[:2]]) for c, n in one.items()) for one in added]
            odds = self.weigh({"overall": [0 for _ in arms]}, draws, far)
            found.append((sum(a * b for a, b in zip(far, odds, strict=True)) / sum(odds), number, turns, odds))
        _, _, turns, odds = min(found)
        won = turns[draws.pick(odds, step, "turn")]
        return [(self.arms[k], [odds[own.index(one)] for one in arms]) for k, *own in zip(won, *turns, strict=True)]


class Ledger:  # the state after the entries so far; `take` raises an error saying what must hold of the next one
    def __init__(self, folder: Path, keys: tuple[Row, ...]) -> None:
        self.folder, self.keys, self.head, self.at, self.last_on, self.drawn = folder, keys, "0" * 64, "", "", 0
        self.answers, self.pauses, self.batch, self.wrong = Row(), Row(), list[Row](), 0

    def take(self, line: str) -> None:
        entry = json.loads(line)
        again = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        need(again == line and len(entry) == 6, "its line must be the canonical JSON of its six fields")
        in_time = self.at <= entry["at"] and entry["at"][26:] == "Z" and datetime.fromisoformat(entry["at"])
        need(in_time, "its time must be UTC, not before the row above")
        need((entry["seq"], entry["prev"]) == (self.wrong, self.head), "its number and prev must follow")
        self.head, self.at = entry["hash"], entry["at"]
        rest = line.replace(f'"hash":"{entry["hash"]}",', "", 1)
        need(sha256(rest.encode()).hexdigest() == entry["hash"], "its hash must be that of its content")
        need((entry["seq"] == 1) == (entry["kind"] == "trial-opened@1"), "the first row alone must open the trial")
        rule: Any = getattr(self, "on_" + entry["kind"].removesuffix("@1").replace("-", "_"), None)
        need(rule and (not self.batch or rule == self.on_assigned), "its kind must be known, and a batch be whole")
        rule(entry["payload"])

    def on_trial_opened(self, row: Row) -> None:
        content = (self.folder / f"epochs/{row['epoch']}/protocol.json").read_bytes()
        protocol, said = json.loads(content), json.dumps(tomllib.loads(row["protocol_toml"]), default=str)
        fits = sha256(content).hexdigest() == row["protocol"] and protocol == json.loads(said)
        need(fits, "its digest must be the protocol's")
        self.epoch, self.given, self.key, factors = row, protocol["randomisation"], None, protocol["stratification"]
        self.name, self.beacon = self.given["procedure"], self.given.get("beacon")
        self.scopes, self.groups, self.days = dict[str, Draws](), Row(), protocol["trial"]["enrolment"]
        has = {f["factor"]: f.get("levels") or row["references"][f["levels_from"]].splitlines()[1:] for f in factors}
        self.known = {(one, level.split(",")[0].strip('"')) for one, levels in has.items() for level in levels}
        ratio = {str(arm["name"]): arm["ratio"] for arm in protocol["arms"]}
        self.rule = Rule(self.given.get("among", self.given), ratio, [one["factor"] for one in factors])
        tried = [one for one in self.keys if one.get("epoch", row["epoch"]) == row["epoch"]]
        for one in tried:
            own, first = bytes.fromhex(one["key"]), sha256(bytes.fromhex(one["key"])).hexdigest()
            if "epoch" not in one and row.get("key_commitment", first) == first:  # a trial key
                own = hmac.digest(own, fields("lodtraek-epoch/1", row["trial_id"], row["epoch"]), "sha256")
            self.key = own if sha256(own).hexdigest() == row["epoch_key_commitment"] else self.key
        need(self.key or not tried, "it must commit to the key that was given")

    def on_trial_amended(self, row: Row) -> None:
        last, closed = self.epoch, {scope: one.steps for scope, one in self.scopes.items()}
        follows = (row["epoch"], row["amends"]) == (last["epoch"] + 1, last["protocol"]) and row["on"] >= self.last_on
        need(follows and row["closed"] == closed, "it must follow the epoch before, and close every scope of it")
        self.on_trial_opened({**row, "trial_id": last["trial_id"]})

    def on_beacon(self, row: Row) -> None:
        need({"name": row["name"], "round": row["round"]} == self.beacon, "its declared round must be entered once")
        value = fields("lodtraek-beacon/1", row["name"], row["round"], row["value"])
        self.key, self.beacon = self.key and hmac.digest(self.key, value, "sha256"), None

    def answer(self, row: Row, arm: str | None) -> bool:  # tells whether the municipality is paused that day
        need(row["participant_id"] not in self.answers, "a citizen must have one answer")
        need(not self.beacon, "nobody may be answered before the beacon's value is entered")
        need(all(row[one] == self.epoch[one] for one in ("epoch", "protocol")), "its epoch must be the one in force")
        first, on = max(self.days["from"], self.epoch.get("on", "")), date.fromisoformat(row["on"]).isoformat()
        need(first <= on == row["on"] <= self.days["to"], "its day must lie within enrolment, as amended")
        self.answers[row["participant_id"]], self.last_on = arm, max(self.last_on, row["on"])
        return any(first <= row["on"] < end for first, end in self.pauses.get(row["municipality_code"], {}).items())

    def on_not_randomised(self, row: Row) -> None:
        paused = self.answer(row, None) and row["reason"] == "paused:" + row["municipality_code"]
        need(paused or row["reason"].startswith("excluded:"), "its reason must be an exclusion, or a pause that day")

    def on_assigned(self, row: Row) -> None:
        need(not self.answer(row, row["arm"]), "nobody may be assigned in a pause")
        levels, factors = row["levels"], self.rule.factors
        fit = len(levels) == len(factors) and levels.items() <= self.known
        need(fit and row["stratum"] == "/".join(levels[one] for one in factors), "its levels must be declared")
        need(row["procedure"] == self.name and row["arm"] in self.rule.arms, "arm and procedure must be declared")
        scope = row["stratum"] if self.name in COUNTS else ""
        draws = self.scopes[scope] = self.scopes.get(scope) or Draws(self.key, self.epoch, scope)
        need(row["step"] == draws.steps, f"its step must be {draws.steps}")
        of_batch = {"batch": draws.steps - len(self.batch), "size": (self.batch or [row])[0].get("size")}.items()
        need((of_batch <= row.items()) == bool(self.rule.together), "a batch must be recorded whole")
        first = row if self.name != "cluster@1" else self.groups.setdefault(levels[self.given["factor"]], row)
        need((row["arm"], row["probabilities"]) == (first["arm"], first["probabilities"]), "its cluster has one draw")
        draws.steps, self.drawn = draws.steps + 1, self.drawn + (self.key is not None)
        self.batch += [row] if first is row else []
        if len(self.batch) == row.get("size", 1):
            self.draw(draws) if self.key else self.batch.clear()

    def draw(self, draws: Draws) -> None:  # the batch anew
        rows, self.batch, rule, own = self.batch, [], self.rule, draws
        if self.name == "saturation@1":  # a new market draws its share, of those dealt out least
            name, shares = rows[0]["levels"][self.given["factor"]], [Fraction(str(s)) for s in self.given["shares"]]
            if name not in self.groups:
                dealt = Counter(one for one, *_ in self.groups.values())
                left = [one for one in shares if dealt[one] == min(dealt[other] for other in shares)]
                part = left[draws.below(len(left), len(self.groups), "saturation")]
                inner = self.given["within"] if 0 < part < 1 else {"procedure": "simple@1"}
                odds = dict(zip(rule.arms, (part.denominator - part.numerator, part.numerator), strict=True))
                self.groups[name] = part, Rule(inner, odds, rule.factors), Draws(self.key, self.epoch, "", name + ":")
            _, rule, own = self.groups[name]
        batch: list[Any] = rule.together(rows, draws, rows[0]["step"]) if rule.together else [("", [])]
        for number, (row, (arm, known)) in enumerate(zip(rows, batch, strict=True), start=self.wrong + 1 - len(rows)):
            self.wrong, places = number, [("overall", ""), ("stratum", row["stratum"]), *row["levels"].items()]
            cells = {kind: [own.seen[kind, level, k] for k in range(len(rule.slots))] for kind, level in places}
            slots = list(zip(known or rule.weigh(cells, own), rule.slots, strict=True))
            weights = [sum(weight for weight, owner in slots if owner == one) for one in rule.arms]
            chances = {one: str(Fraction(part, sum(weights))) for one, part in zip(rule.arms, weights, strict=True)}
            need(row["probabilities"] == chances, "its probabilities must be those of the procedure")
            drawn = arm or rule.arms[draws.pick([one // gcd(*weights) for one in weights], row["step"], "arm")]
            need(row["arm"] == drawn, "its arm must be the one the key draws")
            slot = own.pick([one * (owner == drawn) for one, owner in slots], sum(cells["overall"]), "slot")
            own.seen.update((kind, level, slot) for kind, level in places)

    def on_pause_opened(self, row: Row) -> None:
        known, first = self.pauses.setdefault(row["municipality_code"], {}), row["closed_on"]
        end = row.get("reopened_on") or "9"  # after every day: until it is known when it ends
        apart = all(end <= other or until <= first for other, until in known.items() if other != first)
        fits = apart and first < end and (first in known) == ("reopened_on" in row)
        need(fits, "a pause must last a day at least, and share none with another; only a known one can end")
        known[first] = end

    on_assigned_together, on_pause_closed, on_pause_corrected = on_assigned, on_pause_opened, on_pause_opened
    on_conversation = on_infection_imported = on_dry_run = on_corrected = on_erased = on_clock_moved = bool  # no arm


def verify_bundle(folder: Path, *keys: Row) -> str:
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    paths = [path for path in folder.rglob("*") if path.is_file() and path != folder / "manifest.json"]
    files = {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in paths}
    wrong = sorted(dict(files.items() ^ manifest["files"].items()))
    need(not wrong, f"{', '.join(wrong)}: every file must have the SHA-256 of the manifest")
    ledger = Ledger(folder, keys)
    for ledger.wrong, line in enumerate((folder / "ledger.jsonl").read_text("utf-8").split("\n")[:-1], start=1):
        try:
            ledger.take(line)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"ledger row {ledger.wrong}: {error}") from error
    length, head = ledger.wrong, ledger.head
    need(length and not ledger.batch, f"ledger row {length + 1}: it must open the trial, or go on with a batch")
    for name, text in {"protocol.toml": ledger.epoch["protocol_toml"], **ledger.epoch["references"]}.items():
        need((folder / name).read_bytes() == text.encode(), f"{name}: it must be the one the ledger holds")
    need((length, head) == (manifest["ledger_length"], manifest["ledger_head"]), "manifest.json: another ledger's")
    need((manifest["checkpoint"] or {"head": head})["head"] == head, "manifest.json: another ledger's checkpoint")
    return f"{length} rows, head {head}. {ledger.drawn} of {sum(map(bool, ledger.answers.values()))} arms drawn anew."


def main(arguments: list[str]) -> int:
    if len(arguments) < 3 or arguments[1] != "--key":
        return 2 if sys.stderr.write(str(__doc__)) else 1
    try:
        verdict = verify_bundle(Path(arguments[0]), *(json.loads(Path(one).read_bytes()) for one in arguments[2:]))
    except (ValueError, KeyError, TypeError, IndexError, OSError) as error:
        sys.stdout.write(f"It does not hold: {error}\n")
        return 1
    sys.stdout.write(f"It holds. {verdict} The checkpoint's signature was not checked.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
