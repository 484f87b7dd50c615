"""The `trial` command: one module a noun; a command joins reading, rule and showing, and decides nothing."""

import click

from trial.console import Program

COMMANDS = {
    "protocol": "trial.cli.protocol:protocol",
    "key": "trial.cli.key:key",
    "design": "trial.cli.design:design",
    "init": "trial.cli.init:init",
    "amend": "trial.cli.amend:amend",
    "dry-run": "trial.cli.dry_run:dry_run",
    "beacon": "trial.cli.beacon:beacon",
    "infection": "trial.cli.infection:infection",
    "pause": "trial.cli.pause:pause",
    "assign": "trial.cli.assign:assign",
    "conversation": "trial.cli.conversation:conversation",
    "correct": "trial.cli.correct:correct",
    "erase": "trial.cli.erase:erase",
    "simulate": "trial.cli.simulate:simulate",
    "status": "trial.cli.status:status",
    "audit": "trial.cli.audit:audit",
    "export": "trial.cli.export:export",
    "proof": "trial.cli.proof:proof",
    "rebuild": "trial.cli.rebuild:rebuild",
    "verify": "trial.cli.verify:verify",
}


@click.group(cls=Program, lazy=COMMANDS)
@click.version_option(package_name="lodtraek")
def main() -> None:
    """Run a randomised trial: declare it, pause it, draw, follow, prove.

    Example: trial protocol check protocols/digital-samtaler.toml
    """
