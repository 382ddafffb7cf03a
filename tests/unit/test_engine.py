"""Every spelling of DATABASE_URL that deployments use, and what is said when one cannot be read."""

import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

from scrapersky.db.conninfo import conninfo
from scrapersky.db.engine import create_engine, database_url, explaining_unavailability, where
from scrapersky.errors import ConfigurationError
from scrapersky.settings import Settings

SUPABASE = "postgresql://postgres.abcdefghijkl:s3cret@aws-0-eu-central-1.pooler.supabase.com:6543/postgres"


def given(url: str) -> Settings:
    return Settings(database_url=SecretStr(url))


@pytest.mark.parametrize(
    "scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2", "postgresql+asyncpg", "POSTGRES"]
)
def test_every_scheme_becomes_psycopgs(scheme: str) -> None:
    url = database_url(given(f"{scheme}://me:pw@db.example:5433/sky"))
    assert (url.drivername, url.username, url.password) == ("postgresql+psycopg", "me", "pw")
    assert (url.host, url.port, url.database) == ("db.example", 5433, "sky")


@pytest.mark.parametrize(
    ("written", "password"),
    [
        ("p%40ss%3Aw%2Frd%23%3F", "p@ss:w/rd#?"),
        ("p@ss", "p@ss"),
        ("100%25", "100%"),
        ("a+b", "a+b"),
        ("p%C3%A4ss", "päss"),
    ],
)
def test_passwords_are_percent_decoded(written: str, password: str) -> None:
    settings = given(f"postgresql://me:{written}@db.example/sky")
    assert database_url(settings).password == password
    assert conninfo_to_dict(conninfo(settings))["password"] == password


def test_supabase_names_have_a_dot() -> None:
    parameters = conninfo_to_dict(conninfo(given(SUPABASE + "?sslmode=require")))
    assert (parameters["user"], parameters["port"]) == ("postgres.abcdefghijkl", "6543")
    assert (parameters["host"], parameters["sslmode"]) == ("aws-0-eu-central-1.pooler.supabase.com", "require")


@pytest.mark.parametrize(
    ("query", "sslmode"),
    [
        ("ssl=require", "require"),
        ("ssl=true", "require"),
        ("ssl=False", "disable"),
        ("ssl=verify-full", "verify-full"),
        ("ssl=true&sslmode=verify-ca", "verify-ca"),
    ],
)
def test_asyncpgs_ssl_is_sslmode(query: str, sslmode: str) -> None:
    assert database_url(given(f"postgresql+asyncpg://me@db.example/sky?{query}")).query["sslmode"] == sslmode


def test_what_other_drivers_read_from_a_url_is_left_out() -> None:
    url = given(f"{SUPABASE}?pgbouncer=true&prepared_statement_cache_size=0&statement_cache_size=0&connection_limit=1")
    assert not {"pgbouncer", "prepared_statement_cache_size", "statement_cache_size"} & database_url(url).query.keys()
    assert conninfo_to_dict(conninfo(url))["dbname"] == "postgres"


def test_a_misspelt_parameter_is_not_dropped_in_silence() -> None:
    with pytest.raises(ConfigurationError, match="unknown parameter sslmod;"):
        database_url(given("postgresql://me@db.example/sky?sslmod=require"))


def test_the_urls_own_parameters_win() -> None:
    settings = given("postgresql://me@db.example/sky?connect_timeout=3&application_name=mine")
    parameters = conninfo_to_dict(conninfo(settings))
    assert (parameters["connect_timeout"], parameters["application_name"]) == ("3", "mine")
    assert parameters["keepalives_idle"] == "30"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://me:pw@db.example/sky", "db.example:5432/sky"),
        ("postgresql://me:pw@[::1]:6432/sky", "::1:6432/sky"),
        ("postgresql://me:pw@db.example", "db.example:5432/me"),
        ("postgresql:///sky?host=/run/postgresql", "/run/postgresql:5432/sky"),
        ("postgresql:///sky", "the local socket:5432/sky"),
    ],
)
def test_where_is_for_people(url: str, place: str) -> None:
    assert where(database_url(given(url))) == place


@pytest.mark.parametrize(
    "url",
    [
        "mysql://me:s3cret@db.example/sky",
        "postgresql:me",
        "db.example",
        "postgresql://",
        "postgresql://me:s3cret#1@db.example:5432/sky",
        "postgresql://me:s3/cret@db.example:5432/sky",
        "postgresql://me:s3cret@db.example:port/sky",
        "postgresql://me:s3cret@[::1/sky",
    ],
)
def test_what_is_no_url_is_said_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^DATABASE_URL: ") as error:
        database_url(given(url))
    assert "s3" not in str(error.value)
    assert "\n" not in str(error.value)


async def test_the_engine_holds_two_connections_and_prepares_nothing() -> None:
    engine = create_engine(given(SUPABASE))
    assert engine.pool.size() == 2  # type: ignore[attr-defined]
    assert engine.pool._max_overflow == 0  # type: ignore[attr-defined]
    _, arguments = engine.dialect.create_connect_args(engine.url)
    assert "options" not in arguments
    await engine.dispose()


def test_bugs_pass_through() -> None:
    with pytest.raises(ZeroDivisionError), explaining_unavailability(database_url(given(SUPABASE))):
        raise ZeroDivisionError
