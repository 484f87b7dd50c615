"""Settings: options of the command first, then the environment (TRIAL_...), then `trial.toml` in the working folder.

1. Every setting has one name in all three: `--key FILE`, TRIAL_KEY_FILE, `key_file = "FILE"`.
2. Settings name files that hold secrets, never a secret itself.
3. An unknown name in `trial.toml` is an error; other variables of the environment are not ours to judge.
"""

from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from trial.errors import FileError

DEFAULT_DATABASE = "sqlite:///trial.db"
SETTINGS_FILE = "trial.toml"


class Settings(BaseSettings):
    """Where the trial's database, keys and checkpoints are, who asks, and whether a clock far behind may write."""

    model_config = SettingsConfigDict(
        env_prefix="TRIAL_", toml_file=SETTINGS_FILE, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    db: str = DEFAULT_DATABASE
    key_file: Path | None = None
    identity_key_file: Path | None = None
    signing_key_file: Path | None = None
    checkpoint_dir: Path | None = None
    role: str | None = None
    accept_clock: bool = False

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options, environment, TOML file: in that order."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**options: Any) -> Settings:
    """Give the settings; an option that is None leaves the choice to the environment and the file."""
    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        raise FileError.gather(
            [
                FileError(
                    "a setting must be one of " + ", ".join(Settings.model_fields),
                    found=f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}",
                    where=SETTINGS_FILE,
                    mend="correct or remove the line, or the variable TRIAL_... of that name",
                    code="settings",
                )
                for problem in error.errors(include_input=False, include_url=False)
            ]
        ) from None
    except ValueError as error:  # the TOML reader's own
        raise FileError("settings must be TOML", found=error, where=SETTINGS_FILE, mend="correct the file") from None
