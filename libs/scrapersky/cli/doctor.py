"""``scrapersky doctor``: what a run needs, looked at from where it is run; ``helm test`` runs it in the cluster."""

import socket
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from time import monotonic
from urllib.error import URLError
from urllib.request import urlopen

import click
import psycopg

from scrapersky.cli.output import examples, json_option, print_rows
from scrapersky.db.conninfo import address, conninfo
from scrapersky.db.engine import database_url, explaining_unavailability, where
from scrapersky.db.revision import HEAD
from scrapersky.errors import DatabaseUnavailableError
from scrapersky.settings import Settings

PUSHGATEWAY_TIMEOUT = 5
MOST_DIFFERENCES = 5
WORKS, FAILS, SKIPPED = "works", "fails", "skipped"


@dataclass(frozen=True)
class Check:
    """What was looked at, how it is (works, fails or skipped), what was found, and what to do about it."""

    check: str
    result: str
    found: str
    do: str = ""


@click.command(epilog=examples("doctor", "doctor --json"))
@json_option("an array of check, result (works, fails or skipped), found, do")
def doctor(*, as_json: bool) -> None:
    """Check database, schema, DNS and Pushgateway, and say what to do about what does not work.

    Exit code 1 when something does not, 78 when a setting is wrong. Nothing is changed. In Kubernetes, `helm test` runs
    it where the services run.
    """
    checks = [*examine(Settings.load())]
    print_rows([asdict(each) for each in checks], ("check", "result", "found", "do"), as_json=as_json)
    sys.exit(1 if any(each.result == FAILS for each in checks) else 0)


def examine(settings: Settings) -> Iterator[Check]:
    """All checks, one after the other.

    Raises:
        ConfigurationError: DATABASE_URL is no PostgreSQL URL.
    """
    database = _database(settings)
    yield database
    if database.result == WORKS:
        yield _schema(settings)
    else:
        yield Check("schema", SKIPPED, "not looked at: no database")
    yield _dns(settings)
    yield _pushgateway(settings)


def _database(settings: Settings) -> Check:
    url = database_url(settings)
    began = monotonic()
    try:
        with (
            explaining_unavailability(url),
            psycopg.connect(conninfo(settings), autocommit=True, prepare_threshold=None) as connection,
        ):
            row = connection.execute("SHOW server_version").fetchone()
    except DatabaseUnavailableError as error:
        found, _, do = str(error).partition("; ")
        return Check("database", FAILS, found, do)
    version = str(row[0]).partition(" ")[0] if row else "?"
    return Check("database", WORKS, f"PostgreSQL {version} at {where(url)} in {_milliseconds(began)}")


def _schema(settings: Settings) -> Check:
    from scrapersky.db import migrations

    try:
        missing = migrations.missing(settings)
    except DatabaseUnavailableError as error:
        found, _, do = str(error).partition("; ")
        return Check("schema", FAILS, found, do)
    if not missing:
        return Check("schema", WORKS, f"revision {HEAD}, nothing is missing")
    more = len(missing) - MOST_DIFFERENCES
    shown = missing[:MOST_DIFFERENCES] + ([f"and {more} more"] if more > 0 else [])
    return Check("schema", FAILS, f"missing or different: {'; '.join(shown)}", "run `scrapersky db upgrade`")


def _dns(settings: Settings) -> Check:
    began = monotonic()
    found = {name: _resolves(name) for name in _names(settings)}
    if not found:
        return Check("dns", SKIPPED, "the settings name no host")
    failed = {name: reason for name, reason in found.items() if reason}
    if failed:
        return Check(
            "dns",
            FAILS,
            "; ".join(f"{name}: {reason}" for name, reason in failed.items()),
            "check the spelling in the settings, and that DNS (port 53) may be reached from here",
        )
    return Check("dns", WORKS, f"{', '.join(found)} in {_milliseconds(began)}")


def _names(settings: Settings) -> list[str]:
    """Hosts that a run asks for, each once; a socket's directory is none, and without a key nobody asks Places."""
    places = settings.places_base_url if settings.google_maps_api_key else None
    urls = (places, settings.fetch_proxy, settings.pushgateway_url)
    hosts = [address(settings).get("host"), *(url.host for url in urls if url is not None)]
    return list(dict.fromkeys(host.strip("[]") for host in hosts if host and not host.startswith("/")))


def _resolves(name: str) -> str | None:
    """None, or why not."""
    try:
        socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return str(error.args[-1] if error.args else error)
    return None


def _pushgateway(settings: Settings) -> Check:
    if settings.pushgateway_url is None:
        return Check("pushgateway", SKIPPED, "PUSHGATEWAY_URL is not set: Prometheus sees no runs")
    url = str(settings.pushgateway_url)
    began = monotonic()
    try:
        with urlopen(f"{url.rstrip('/')}/-/ready", timeout=PUSHGATEWAY_TIMEOUT):  # noqa: S310
            return Check("pushgateway", WORKS, f"ready at {url} in {_milliseconds(began)}")
    except (OSError, ValueError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        do = "check PUSHGATEWAY_URL, that it runs, and that it may be reached from here; runs go on without it"
        return Check("pushgateway", FAILS, f"{url}: {reason}", do)


def _milliseconds(began: float) -> str:
    return f"{(monotonic() - began) * 1000:.0f} ms"
