"""Where it comes from: the planted truth of synthetic registers, and the manifest."""

from analysis.report.page import Block, Context, Numbering, Paragraph, Row, Section, Table, Terms
from analysis.report.sections.results import unit_of_row


def truth(context: Context, numbering: Numbering) -> Section | None:
    """Put the planted effect beside each estimate; None where nothing was planted."""
    if context.truth is None:
        return None
    words = context.words
    planted = {one["estimand"]: one["effect"] for one in context.truth.get("estimands", ())}
    level = words.percent(context.protocol.inference.level, 0)
    rows = []
    for row in (row for row in context.released.effects.rows if row.role != "exploratory"):
        effect = planted.get(row.estimand)
        if effect is None or row.status != "estimated" or row.ci_low is None or row.ci_high is None:
            continue
        unit = unit_of_row(context, row)
        low, high = unit.show(words, row.ci_low), unit.show(words, row.ci_high)
        estimator = words.known(f"estimator.{row.estimator}", row.estimator)
        name = f"{words.label(row.label)} ({estimator}), {words(unit.key)}"
        covered = words("yes" if row.ci_low <= effect <= row.ci_high else "no")
        interval = words("interval-text", low=low, high=high)
        rows.append(Row([name, unit.show(words, effect), unit.show(words, row.estimate), interval, covered]))
    columns = [words("estimand"), words("truth.effect"), words("effect"), words("interval", level=level)]
    columns.append(words("truth.covered"))
    table = Table(numbering.next("table"), words("truth.caption"), columns, rows)
    return Section("truth", words("truth.title"), [Paragraph(words("truth.lead"), "lead"), table])


def manifest(context: Context, numbering: Numbering) -> Section:
    """Tell the files and versions the report is a function of."""
    words, data = context.words, context.manifest
    keys = ("mode", "protocol_digest", "key_commitment", "ledger_length", "ledger_head", "last_entry_at")
    pairs = [(words(f"manifest.{key}"), [_value(context, key)]) for key in keys if data.get(key) is not None]
    versions = ", ".join(f"{name} {version}" for name, version in data.get("versions", {}).items())
    pairs.append((words("manifest.versions"), [versions]))
    blocks: list[Block] = [Paragraph(words("manifest.lead"), "lead"), Terms(pairs)]
    rows = [Row([name, digest]) for name, digest in sorted(data.get("files", {}).items())]
    columns = [words("manifest.file"), "SHA-256"]
    blocks.append(Table(numbering.next("table"), words("manifest.files"), columns, rows, numeric_from=2))
    return Section("manifest", words("manifest.title"), blocks)


def _value(context: Context, key: str) -> str:
    value = context.manifest[key]
    if key == "ledger_length":
        return context.words.count(value)
    return context.words.known(f"mode-of-trial.{value}", str(value)) if key == "mode" else str(value)
