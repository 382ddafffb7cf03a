"""``scrapersky config``: every setting, its value, and where it came from."""

import re

import click
from pydantic import SecretStr
from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource

from scrapersky.cli.output import Json, examples, json_option, print_rows
from scrapersky.db.engine import database_url
from scrapersky.settings import Settings

MASK = "***"


@click.command(epilog=examples("config", "config --json"))
@json_option
def config(*, as_json: bool) -> None:
    """Show every setting: its value, with secrets masked, and what gave it: the environment, .env, or the default.

    The environment outranks .env. With a setting missing or wrong: one line for each, and exit code 78.
    docs/configuration.md says what each setting does.
    """
    settings = Settings.load()
    secrets = {
        "database_url": database_url(settings).render_as_string(hide_password=True),
        "google_maps_api_key": MASK,
    }
    origins = dict.fromkeys(DotEnvSettingsSource(Settings)(), ".env")
    origins |= dict.fromkeys(EnvSettingsSource(Settings)(), "environment")
    rows: list[Json] = []
    for name in Settings.model_fields:
        value = getattr(settings, name)
        text = secrets.get(name, MASK) if isinstance(value, SecretStr) else _plain(value)
        rows.append({"setting": name.upper(), "value": text, "from": origins.get(name, "default")})
    print_rows(rows, ("setting", "value", "from"), as_json=as_json)


def _plain(value: object) -> object:
    """A value as one writes it into the environment."""
    if isinstance(value, dict):
        return ",".join(f"{key}={instead}" for key, instead in value.items())
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if value is None or isinstance(value, bool | int | float):
        return value
    return re.sub(r"(//[^/@:]*):[^/@]*@", rf"\1:{MASK}@", str(value))
