"""Both programs: every command is documented with an example, and help imports nothing heavy."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import click
import pytest
from click.testing import CliRunner

import analysis.cli
import trial.cli
from trial.clock import COPENHAGEN
from trial.console import Moment, Program, say
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


def test_a_time_is_danish_and_a_day_alone_means_the_hour_declared() -> None:
    noon = datetime(2021, 6, 14, 12, tzinfo=UTC)
    for text in ("2021-06-14", "2021-06-14T14:00", "2021-06-14T12:00Z"):
        assert Moment("14:00").convert(text, None, None) == noon
    assert Moment().convert("2021-06-14", None, None) == datetime(2021, 6, 14, tzinfo=COPENHAGEN)


@pytest.mark.parametrize("text", ["2021-10-31T02:30", "2021-03-28T02:30", "noon", "2021-02-30"])
def test_a_time_that_is_none_or_one_of_two_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not one time, as 2021-06-14T14:00 is"):
        Moment("14:00").convert(text, None, None)
