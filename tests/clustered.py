"""A protocol that draws jobcentres or caseworkers as one, made of the shipped one's text.

1. The procedure is cluster@1 of the factor; standard errors are CR2 within it.
2. Every estimator adds up within clusters; outcomes in time and their estimands are gone.
3. Drawn caseworkers are a factor with levels: twelve posts, six in each of two towns, where none are named.
"""

import re
from collections.abc import Sequence

POSTS = tuple(f"{town}-{number:02d}" for town in ("0101", "0147") for number in range(1, 7))
COMPLETE = '{ procedure = "complete@1", total = 12 }'
_TIMED = ("time_to_exit", "time_to_benefit_free", "rmst-time-to-exit", "rmst-time-to-benefit-free")


def clustered(text: str, factor: str, among: str = COMPLETE, *, posts: Sequence[str] = POSTS) -> str:
    """Give the text of a protocol whose arms are drawn by `factor`; `among` is the inline table of how.

    posts: the levels of a factor caseworker, which the shipped protocol does not have.
    """
    for name in _TIMED:
        text = _without(text, name)
    text = _replaced(text, r"estimators = \[\"stratified-difference\", ", "estimators = [")
    text = _replaced(text, r'se_type = "HC2"', 'se_type = "CR2"')
    text = _replaced(text, r'^clusters = "none"', f'clusters = "{factor}"')
    text = _replaced(text, r"^family = \[[^]]*\]", 'family = ["itt-exit-26", "late-share-physical"]')
    if factor == "caseworker":
        levels = ", ".join(f'"{post}"' for post in posts)
        table = f'[[stratification]]\nfactor = "caseworker"\nlevels = [{levels}]\n\n[randomisation]'
        text = _replaced(text, r"^\[randomisation\]", table)
    declared = f'[randomisation]\nprocedure = "cluster@1"\nfactor = "{factor}"\namong = {among}\n\n[infection]'
    return _replaced(text, r"\[randomisation\].*?\[infection\]", declared)


def _without(text: str, name: str) -> str:
    """Leave out the outcome or estimand of a name, and its own tables."""
    table = rf'^\[\[(outcomes|estimands)\]\]\nname = "{re.escape(name)}"\n.*?(?=^\[\[|^\[inference\]|^# |\Z)'
    return _replaced(text, table, "")


def _replaced(text: str, pattern: str, new: str) -> str:
    changed, found = re.subn(pattern, lambda _: new, text, flags=re.MULTILINE | re.DOTALL)
    assert found, f"the shipped protocol has no {pattern}"
    return changed
