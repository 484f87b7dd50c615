"""The `analysis` command: one module a noun; a command joins reading, rule and showing, and decides nothing."""

import click

from trial.console import Program

COMMANDS = {
    "registers": "analysis.cli.registers:registers",
    "identify": "analysis.cli.identify:identify",
    "estimate": "analysis.cli.estimate:estimate",
    "report": "analysis.cli.report:report",
    "reproduce": "analysis.cli.reproduce:reproduce",
    "economics": "analysis.cli.economics:economics",
    "experiment": "analysis.cli.experiment:experiment",
    "power": "analysis.cli.power:power",
}


@click.group(cls=Program, lazy=COMMANDS)
@click.version_option(package_name="lodtraek")
def main() -> None:
    """Follow a trial through the registers: spells, outcomes, effects, reports, replications.

    Example: analysis report bundle registers --out report
    """
