"""The page of a trial that drew caseworkers: it says so, and no caseworker is told of."""

import re
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from matplotlib.figure import Figure

from analysis.plan import Chance, explore, run_plan
from analysis.report.render import render
from tests.clustered import clustered
from trial.protocol import load_protocol, shipped

POSTS = tuple(f"0101-{number:02d}" for number in range(1, 25))
AMONG = '{ procedure = "complete@1", total = 24 }'


@pytest.fixture(scope="module", name="made_of_posts")
def _made_of_posts(made, tmp_path_factory):
    """The same trial with twenty-four caseworkers of ten citizens, of whom every second is digital."""
    path = tmp_path_factory.mktemp("posts") / "protocol.toml"
    text = clustered(shipped("digital-samtaler.toml").read_text("utf-8"), "caseworker", AMONG, posts=POSTS)
    path.write_text(text, "utf-8")
    protocol = load_protocol(path)
    rows = made.bundle.assignments.to_pandas()
    post = np.array(POSTS)[np.arange(len(rows)) % 24]
    rows = rows.assign(caseworker=post, stratum=rows["stratum"] + "/" + post)
    frame = made.analysis_set.frame.assign(caseworker=post, stratum=rows["stratum"])
    effects = explore(run_plan(protocol, frame), protocol, frame, rows, Chance(1, 99))
    bundle = replace(made.bundle, protocol=protocol, assignments=pa.Table.from_pandas(rows))
    return replace(made, bundle=bundle, analysis_set=replace(made.analysis_set, frame=frame), effects=effects)


@pytest.fixture
def undrawn(monkeypatch):
    """Figures are laid out in words and places, but not drawn."""
    monkeypatch.setattr(Figure, "savefig", lambda *_, **__: None)


def words_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<style.*?</style>", "", page.html, flags=re.DOTALL)))


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        (
            "da",
            [
                "armene er trukket pr. sagsbehandler: alle borgere hos samme sagsbehandler har samme arm",
                "Armene er trukket pr. sagsbehandler, 24 i alt",
                "jobcenter × målgruppe × aldersgruppe × sagsbehandler",
                "ikke estimerbar: armene er trukket pr. sagsbehandler: her regnes borgerne for trukket hver for sig",
                "Forsøget trækker lod pr. sagsbehandler",
                "Randomiseringstest: proceduren cluster er kørt igen 99 gange",
            ],
        ),
        (
            "en",
            [
                "arms were drawn by caseworker: all citizens of one caseworker share its arm, and standard",
                "Arms were drawn by caseworker, 24 in all",
                "not estimable: arms are drawn by caseworker: this takes citizens to be drawn one by one",
                "The trial draws lots by caseworker",
                "(CR2)",
            ],
        ),
    ],
)
def test_the_page_says_by_what_arms_were_drawn(made_of_posts, undrawn, lang, said):
    told = words_of(render(made_of_posts.bundle, made_of_posts.analysis_set, made_of_posts.effects, lang))
    for sentence in said:
        assert sentence in told, sentence


@pytest.mark.parametrize("lang", ["da", "en"])
def test_no_caseworker_is_named(made_of_posts, undrawn, lang):
    page = render(made_of_posts.bundle, made_of_posts.analysis_set, made_of_posts.effects, lang)
    assert not re.search(r"0101-\d\d\b", page.html)


def test_a_trial_that_draws_citizens_says_nothing_of_clusters(made, undrawn):
    told = words_of(render(made.bundle, made.analysis_set, made.effects, "en"))
    assert "arms were drawn by" not in told
    assert "The trial draws lots between citizens" in told
