"""The catalogue is whole, and numbers look as each language writes them."""

import ast
import re
import string
from datetime import date
from pathlib import Path

import pytest

from analysis.report import messages, reasons, words
from analysis.report.messages import MESSAGES
from analysis.report.reasons import in_danish
from analysis.report.words import Words

REPORT = Path(words.__file__).parent
DA, EN = Words("da"), Words("en")


def blanks(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


@pytest.mark.parametrize("key", MESSAGES)
def test_every_message_says_the_same_in_both_languages(key):
    danish, english = MESSAGES[key]
    assert danish.strip()
    assert english.strip()
    assert blanks(danish) == blanks(english)


def test_no_key_stands_twice():
    tree = ast.parse(Path(messages.__file__).read_text(encoding="utf-8"))
    keys = [key.value for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys]
    assert sorted(keys) == sorted(set(keys))


def asked():
    """The keys and the beginnings of keys that the code and the template ask for."""
    whole, begun = set(), set()
    for path in [*REPORT.rglob("*.py"), *REPORT.rglob("*.jinja")]:
        text = path.read_text(encoding="utf-8")
        whole |= (
            set(re.findall(r"[\"']([a-z][a-z0-9_.-]*)[\"']", text))
            if not path.name.endswith("messages.py")
            else set()
        )
        begun |= set(re.findall(r'f"([a-z-]+\.(?:slug\.)?)\{', text)) | set(re.findall(r"f'([a-z-]+\.)\{", text))
    return whole, tuple(begun | {"unit."})


def test_every_message_is_asked_for_somewhere():
    whole, begun = asked()
    assert [key for key in MESSAGES if key not in whole and not key.startswith(begun)] == []


def test_a_missing_message_is_an_error():
    with pytest.raises(KeyError):
        DA("no.such.message")
    with pytest.raises(KeyError):
        DA("answer.none")
    assert DA.known("no.such.message", "as it is") == "as it is"


TABLE = """
    value        decimals | da          en
    1234567.891  2        | 1.234.567,89  1,234,567.89
    -0.5         1        | −0,5        −0.5
    -0.004       2        | 0,00        0.00
    20000        0        | 20.000      20,000
    0            3        | 0,000       0.000
"""


@pytest.mark.parametrize("line", [line for line in TABLE.splitlines() if "|" in line][1:])
def test_numbers(line):
    given, expected = line.split("|")
    value, decimals = given.split()
    assert [DA.number(float(value), int(decimals)), EN.number(float(value), int(decimals))] == expected.split()


def test_shares_days_and_p_values():
    assert (DA.percent(0.123), EN.percent(0.123)) == ("12,3\u202f%", "12.3%")
    assert (DA.day(date(2021, 3, 1)), EN.day(date(2021, 3, 1))) == ("1. marts 2021", "1 March 2021")
    assert (DA.month(5), EN.month(10)) == ("maj", "Oct")
    assert (DA.p_value(0.0004), EN.p_value(0.0004), DA.p_value(0.0349)) == ("<0,001", "<0.001", "0,035")
    assert {DA.number(None), DA.percent(None), DA.p_value(None), DA.day(None), DA.count(None)} == {"–"}


def test_reasons_of_the_estimators_are_told_in_danish():
    assert in_danish("arm digital has no citizen with an observed outcome") == (
        "arm digital har ingen borger med observeret udfald"
    )
    assert in_danish("something new") == "something new"
    assert EN.reason("the arm does not move the dose: nothing can be said of the dose's effect").startswith("the arm")


def test_the_danish_reasons_are_those_the_estimators_still_state():
    """A pattern that matches no sentence in the estimators' source has been left behind by a change of words."""
    folders = (REPORT.parent / "estimate", REPORT.parent / "plan")
    source = "".join(path.read_text(encoding="utf-8") for folder in folders for path in folder.rglob("*.py"))
    own_words = "fewer than ("  # written by the disclosure control, not by an estimator
    for english, _ in reasons._PATTERNS:
        longest = max(re.split(r"\\?\(.*?\)|\([^)]*\)[+?]*|\[.*?\]\+|\.\+", english), key=len)
        assert longest.replace("\\", "").strip() in source or english.startswith(own_words), english
