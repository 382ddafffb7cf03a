"""``scrapersky config``: every setting, its value, and where it came from."""

import re
from urllib.parse import parse_qsl, urlsplit

import click
from pydantic import SecretStr
from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource

from scrapersky.cli.output import examples, json_option, print_rows
from scrapersky.db.engine import database_url
from scrapersky.settings import Settings

MASK = "***"


@click.command(epilog=examples("config", "config --json"))
@json_option("an array of setting, value, from")
def config(*, as_json: bool) -> None:
    """Show every setting: its value, with secrets masked, and what gave it: the environment, .env, or the default.

    The environment outranks .env. With a setting missing or wrong: one line for each, and exit code 78.
    docs/configuration.md says what each setting does.
    """
    settings = Settings.load()
    origins = dict.fromkeys(DotEnvSettingsSource(Settings)(), ".env")
    origins |= dict.fromkeys(EnvSettingsSource(Settings)(), "environment")
    shown = {name: _plain(getattr(settings, name)) for name in Settings.model_fields}
    shown["database_url"] = _without_passwords(settings)
    rows = [{"setting": name.upper(), "value": shown[name], "from": origins.get(name, "default")} for name in shown]
    print_rows(rows, ("setting", "value", "from"), as_json=as_json)


def _without_passwords(settings: Settings) -> str:
    url = database_url(settings)
    given = dict(parse_qsl(urlsplit(settings.database_url.get_secret_value()).query))
    query = {name: "hidden" if "password" in name else value for name, value in given.items()}
    return url.set(drivername="postgresql", query=query).render_as_string(hide_password=True)


def _plain(value: object) -> object:
    """A value as one writes it into the environment, without its secrets."""
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, dict):
        return ",".join(f"{key}={instead}" for key, instead in value.items())
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if value is None or isinstance(value, bool | int | float):
        return value
    return re.sub(r"(//[^/@:]*):[^/@]*@", rf"\1:{MASK}@", str(value))
