"""``scrapersky config``: every setting, its value, and where it came from."""

import os

import click
from dotenv import dotenv_values
from pydantic import SecretStr
from sqlalchemy import URL

from scrapersky.cli.output import print_rows
from scrapersky.db.engine import database_url
from scrapersky.settings import Settings


@click.command(epilog="Example: scrapersky config --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def config(*, as_json: bool) -> None:
    """Show every setting: its value, with secrets masked, and whether the environment, .env or the default gave it.

    With a wrong setting: one line for each, and exit code 78. docs/configuration.md says what each setting does.
    """
    settings = Settings.load()
    url = database_url(settings)
    in_file = {name.upper() for name, value in dotenv_values(".env").items() if value}
    rows = []
    for field in Settings.model_fields:
        name = field.upper()
        origin = "environment" if os.environ.get(name) else ".env" if name in in_file else "default"
        rows.append({"setting": name, "value": _shown(getattr(settings, field), url), "from": origin})
    print_rows(rows, ("setting", "value", "from"), as_json=as_json)


def _shown(value: object, url: URL) -> object:
    if isinstance(value, SecretStr):
        return url.render_as_string(hide_password=True) if "://" in value.get_secret_value() else "***"
    if isinstance(value, dict):
        return ",".join(f"{key}={instead}" for key, instead in value.items())
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return value if isinstance(value, bool | int | float) or value is None else str(value)
