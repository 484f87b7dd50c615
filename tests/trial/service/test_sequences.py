"""The sequence of arms: the same bounds however citizens come, and the same arms with and without a pause between.

Order within a request is that of keyed marks, so what is compared across ways of sending is the sequence of a
stratum, step by step; who stands at which step differs.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from tests.bundles import ANY_RATIO, EQUAL_RATIO, TOGETHER, open_with
from tests.opened import BY, DAY, KEYS, arms, arrival, payloads, pseudonyms
from trial.intake import Arrival
from trial.ledger.proof import verify_store
from trial.service import Trial

PAUSED, OTHER = "0101", "0461"
AGES = ("18-29", "30-49", "50+")
BOUNDED = {
    "permuted block": ('procedure = "permuted-block@1"\nsizes = [4]', 2),
    "drawn blocks": ('procedure = "permuted-block@1"\nsizes = [2, 4, 6]', 3),
    "big stick": ('procedure = "big-stick@1"\ntolerance = 2', 2),
    "maximal": ('procedure = "maximal@1"\ntolerance = 2\nhorizon = 9', 2),
}
WAYS: dict[str, Callable[[Sequence[Arrival]], Iterable[Sequence[Arrival]]]] = {
    "one batch": lambda people: [people],
    "daily batches": lambda people: [people[start : start + 8] for start in range(0, len(people), 8)],
    "one by one": lambda people: [[one] for one in people],
}
OF_A_STRATUM = {name: table for name, (table, _) in BOUNDED.items()}
OF_THE_TRIAL = {name: ANY_RATIO[name] for name in ("pocock-simon", "hu-hu")} | EQUAL_RATIO
Row = dict[str, object]


def citizen(number: int) -> Arrival:
    """Two towns in turn, three ages in an order of their own."""
    return arrival(number, (PAUSED, OTHER)[number % 2], AGES[number * number // 3 % 3])


def drawn(trial: Trial) -> list[Row]:
    """Every draw in the ledger's order, whatever the kind of its entry."""
    return payloads(trial, "assigned@1") + payloads(trial, "assigned-together@1")


def sequences(trial: Trial) -> dict[str, list[str]]:
    found = defaultdict(list)
    for row in drawn(trial):
        found[str(row["stratum"])].append(str(row["arm"]))
    return dict(found)


def largest_lead(sequence: Sequence[str]) -> int:
    """The largest lead of an arm at any step."""
    return max(abs(2 * sequence[:step].count("digital") - step) for step in range(len(sequence) + 1))


@pytest.mark.parametrize("name", BOUNDED)
def test_one_batch_daily_batches_and_one_by_one_keep_the_same_bound(tmp_path: Path, name: str) -> None:
    """In every stratum at every step; and since the arm of a step is a function of the key, the same sequences."""
    table, bound = BOUNDED[name]
    people, found = [citizen(number) for number in range(240)], {}
    for way, cut in WAYS.items():
        folder = tmp_path / way
        folder.mkdir()
        trial = open_with(folder, table)
        for day, some in enumerate(cut(people)):
            trial.assign(some, DAY + timedelta(days=day), alone=len(some) == 1)
        found[way] = sequences(trial)
        steps = Counter[object]()
        for row in drawn(trial):
            assert row["step"] == steps[row["stratum"]]  # carried over: no step twice, none left out
            steps[row["stratum"]] += 1
        trial.close()
        leads = {stratum: largest_lead(sequence) for stratum, sequence in found[way].items()}
        assert len(leads) == 6 and max(leads.values()) == bound, (way, leads)  # met, and never exceeded
    assert found["one batch"] == found["daily batches"] == found["one by one"]
    if name == "permuted block":
        for sequence in found["one batch"].values():
            blocks = [sequence[start : start + 4] for start in range(0, len(sequence) - 3, 4)]
            assert all(block.count("digital") == 2 for block in blocks)


@pytest.mark.parametrize("name", ["big stick", "drawn blocks", "pocock-simon", "balancing walk"])
def test_a_row_dropped_from_a_batch_moves_only_who_comes_after_it_in_its_scope(tmp_path: Path, name: str) -> None:
    """Elsewhere four in ten citizens got another arm when a row was dropped (stochatreat 0.2.5).

    Here an arm is a function of key, stratum and step: citizens of other strata keep theirs, and so does whoever
    stands before the row in keyed order; who stands after it in its stratum moves up one step. Where the trial is
    one scope, everybody after it may get another arm, and nobody before it.
    """
    table, people = {**OF_A_STRATUM, **OF_THE_TRIAL}[name], [citizen(number) for number in range(60)]
    whole = open_with(tmp_path, table)
    answers, all_sequences = arms(whole.assign(people, DAY)), sequences(whole)
    names = pseudonyms(whole)
    order = [names[str(row["participant_id"])] for row in drawn(whole)]
    strata = {one.participant_id: one.stratum for one in people}
    for place in (4, 30, 59):
        gone, folder = order[place], tmp_path / str(place)
        folder.mkdir()
        fewer = open_with(folder, table)
        left = arms(fewer.assign([one for one in people if one.participant_id != gone], DAY))
        kept = {who for who in left if who in order[:place] or (name in OF_A_STRATUM and strata[who] != strata[gone])}
        assert {who: left[who] for who in kept} == {who: answers[who] for who in kept}
        if name in OF_A_STRATUM:
            sequence = sequences(fewer)[strata[gone]]
            assert sequence == all_sequences[strata[gone]][: len(sequence)]
        fewer.close()
    whole.close()


BEFORE, DURING, AFTER = (range(start, start + 30) for start in (0, 30, 60))


def run(trial: Trial, during: Iterable[int], *, paused: bool) -> dict[str, str | None]:
    """Three days of arrivals, the second perhaps in a pause of one town; give the answers."""
    days = [DAY + timedelta(days=day) for day in range(3)]
    answers = arms(trial.assign([citizen(number) for number in BEFORE], days[0]))
    if paused:
        trial.open_pause(PAUSED, days[1], BY, decided_on=days[0])
    answers |= arms(trial.assign([citizen(number) for number in during], days[1]))
    if paused:
        trial.close_pause(PAUSED, days[2], BY)
    answers |= arms(trial.assign([citizen(number) for number in AFTER], days[2]))
    assert verify_store(trial.store, KEYS.trial).holds
    return answers


def is_turned_away(number: int) -> bool:
    return number in DURING and citizen(number).municipality_code == PAUSED


@pytest.mark.parametrize("name", [*OF_A_STRATUM, *OF_THE_TRIAL, *TOGETHER])
def test_who_is_paused_leaves_no_trace_in_the_sequence(database_url: str, tmp_path: Path, name: str) -> None:
    """As if they had never come: the others get the same arms at the same steps, under procedures of either scope."""
    table = {**OF_A_STRATUM, **OF_THE_TRIAL, **TOGETHER}[name]
    remaining = [number for number in DURING if not is_turned_away(number)]
    (tmp_path / "without").mkdir()
    trial, bare = open_with(tmp_path, table, database_url), open_with(tmp_path / "without", table)
    paused, without = run(trial, DURING, paused=True), run(bare, remaining, paused=False)
    away = {citizen(number).participant_id for number in DURING if is_turned_away(number)}
    assert {who for who, arm in paused.items() if arm is None} == away
    assert {who: arm for who, arm in paused.items() if who not in away} == without
    own = ("step", "stratum", "arm", "probabilities")
    with_and_without = [[[row[one] for one in own] for row in drawn(one)] for one in (trial, bare)]
    assert len(without) == 75 and with_and_without[0] == with_and_without[1]
    trial.close()
    bare.close()


@pytest.mark.parametrize("name", OF_A_STRATUM)
def test_a_pause_delays_the_sequence_of_its_strata_and_touches_no_other(
    database_url: str, tmp_path: Path, name: str
) -> None:
    """The same arrivals, nobody paused: elsewhere the same arms, here the same sequence further on."""
    table = OF_A_STRATUM[name]
    (tmp_path / "open").mkdir()
    trial, never = open_with(tmp_path, table, database_url), open_with(tmp_path / "open", table)
    paused, open_throughout = run(trial, DURING, paused=True), run(never, DURING, paused=False)
    for number in (*BEFORE, *DURING, *AFTER):
        who = citizen(number)
        if who.municipality_code == OTHER or number in BEFORE:
            assert paused[who.participant_id] == open_throughout[who.participant_id] is not None
    shorter, longer = sequences(trial), sequences(never)
    for stratum, sequence in shorter.items():
        assert longer[stratum][: len(sequence)] == sequence
        assert (len(longer[stratum]) > len(sequence)) == stratum.startswith(PAUSED)
    trial.close()
    never.close()


@pytest.mark.parametrize("name", OF_THE_TRIAL)
def test_a_pause_changes_later_arms_of_a_procedure_that_balances_the_whole_trial(tmp_path: Path, name: str) -> None:
    """Its later probabilities see who was randomised, hence who was not: only what came before is the same."""
    answers = []
    for paused in (True, False):
        folder = tmp_path / str(paused)
        folder.mkdir()
        trial = open_with(folder, OF_THE_TRIAL[name])
        answers.append(run(trial, DURING, paused=paused))
        trial.close()
    earlier = {citizen(number).participant_id for number in BEFORE}
    assert all(answers[0][who] == answers[1][who] for who in earlier)
    later = {citizen(number).participant_id for number in AFTER}
    assert any(answers[0][who] != answers[1][who] for who in later)
