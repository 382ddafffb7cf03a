"""A real PgBouncer in transaction mode, in front of a test's database."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import trustme
from sqlalchemy import make_url

from tests.support.debian import library_path, program
from tests.support.pushgateway import free_port

CONFIGURATION = """
[databases]
{name} = host={host} port={port} dbname={name} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
{authentication}
pool_mode = transaction
default_pool_size = {connections}
server_login_retry = 1
{prepared}
"""


@pytest.fixture
def pooled_url(database_url: str, tmp_path: Path) -> Iterator[str]:
    """This test's database through a pooler that lends each of two connections for one transaction at a time."""
    yield from pooling(database_url, tmp_path)


@pytest.fixture
def pooled_empty_url(empty_database_url: str, tmp_path: Path) -> Iterator[str]:
    """The same, in front of a database without any table."""
    yield from pooling(empty_database_url, tmp_path)


@dataclass(frozen=True)
class StrictPooler:
    """A pooler as Supabase's: TLS alone, a user name with a dot, a password of awkward characters."""

    port: int
    database: str
    user: str = "postgres.abcdefghij"
    password: str = "p@ss:w/rd#?%"


@pytest.fixture
def strict_pooler(database_url: str, tmp_path: Path) -> Iterator[StrictPooler]:
    """This test's database behind such a pooler."""
    certificate = trustme.CA().issue_cert("127.0.0.1")
    files = {"server.key": certificate.private_key_pem.bytes(), "server.crt": certificate.cert_chain_pems[0].bytes()}
    files["users"] = f'"{StrictPooler.user}" "{StrictPooler.password}"'.encode()
    directory = Path(tempfile.mkdtemp(prefix="scrapersky-pooler-"))
    directory.chmod(0o755)
    for name, octets in files.items():
        (directory / name).write_bytes(octets)
    authentication = f"""auth_type = scram-sha-256
auth_file = {directory}/users
client_tls_sslmode = require
client_tls_key_file = {directory}/server.key
client_tls_cert_file = {directory}/server.crt"""
    try:
        for url in pooling(database_url, tmp_path, authentication):
            address = make_url(url)
            assert address.port is not None
            yield StrictPooler(address.port, str(address.database))
    finally:
        shutil.rmtree(directory)


def pooling(url: str, directory: Path, authentication: str = "auth_type = any", connections: int = 2) -> Iterator[str]:
    """The database at ``url`` through a pooler with that many connections to it."""
    binary = program("pgbouncer", "libc-ares2", "libevent-2.1-7", "pgbouncer")
    behind, listen = make_url(url), free_port()
    configuration = directory / "pgbouncer.ini"
    configuration.write_text(
        CONFIGURATION.format(
            name=behind.database,
            host=behind.host,
            port=behind.port,
            user=behind.username,
            password=behind.password or "none",
            listen=listen,
            connections=connections,
            authentication=authentication,
            prepared=_forbid_prepared_statements(binary),
        )
    )
    command = [str(binary), str(configuration), *(["--user", "nobody"] if os.geteuid() == 0 else [])]
    environment = os.environ | {"LD_LIBRARY_PATH": library_path()}
    pooled = behind.set(host="127.0.0.1", port=listen).render_as_string(hide_password=False)
    with (directory / "pgbouncer.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _wait_until_ready(pooled, process, directory / "pgbouncer.log")
        yield pooled
    finally:
        process.kill()
        process.wait()


def _forbid_prepared_statements(binary: Path) -> str:
    """PgBouncer knows prepared statements since 1.21, and the word for it is an error before."""
    environment = os.environ | {"LD_LIBRARY_PATH": library_path()}
    said = subprocess.run([binary, "--version"], env=environment, capture_output=True, text=True, check=True).stdout
    _, minor, *_ = said.split()[1].split(".")
    return "max_prepared_statements = 0" if int(minor) >= 21 else ""


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up_at = time.monotonic() + 15
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError as error:
            if any(words in str(error) for words in ("no password supplied", "SSL required")):
                return  # it answers; it does not know the database's own password
            assert process.poll() is None, log.read_text()
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.05)
        else:
            return
