"""Both programs: every command is documented with an example, and help imports nothing heavy."""

import json
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

import analysis.cli
import trial.cli
from trial.console import Program, say
from trial.errors import StateError

PROGRAMS = {"trial": trial.cli.main, "analysis": analysis.cli.main}
HEAVY = "pandas numpy scipy pyarrow sqlalchemy pydantic cryptography matplotlib statsmodels linearmodels rich jinja2"


def commands(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        with click.Context(command) as context:
            for child in command.list_commands(context):
                found = command.get_command(context, child)
                assert found is not None
                yield from commands(f"{name} {child}", found)


EVERY = [pair for name, main in PROGRAMS.items() for pair in commands(name, main)]


@pytest.mark.parametrize(("name", "command"), EVERY, ids=[name for name, _ in EVERY])
def test_every_command_says_what_it_does_and_gives_an_example(name: str, command: click.Command) -> None:
    text = command.help or ""
    assert text.splitlines()[0].endswith("."), "the first line says what, in one sentence"
    if not (isinstance(command, click.Group) and " " in name):
        assert f"Example: {name.split(maxsplit=1)[0]} " in text


@pytest.mark.parametrize("name", PROGRAMS)
def test_help_imports_nothing_heavy(name: str) -> None:
    code = (
        f"import sys, {name}.cli\n"
        "from click.testing import CliRunner\n"
        f"result = CliRunner().invoke({name}.cli.main, ['--help'])\n"
        "assert result.exit_code == 0, result.output\n"
        f"print([m for m in '{HEAVY}'.split() if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_error_of_the_tree_becomes_message_and_exit_status() -> None:
    @click.group(cls=Program)
    def program() -> None: ...

    @program.command()
    def fail() -> None:
        say("working")
        raise StateError("the trial must be open", found="closed", mend="trial init")

    result = CliRunner().invoke(program, ["fail"])
    assert result.exit_code == StateError.exit_status
    assert "Mend: trial init" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("name", PROGRAMS)
def test_wrong_usage_is_exit_2(name: str) -> None:
    assert CliRunner().invoke(PROGRAMS[name], ["no-such-command"]).exit_code == 2


def test_json_output_is_json() -> None:
    result = CliRunner().invoke(trial.cli.main, ["protocol", "show", "digital-samtaler", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["trial"]["id"] == "digital-samtaler"
