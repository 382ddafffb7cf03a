"""What leads inward is refused, however it is spelled, and nothing is sent: here nothing could be."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from httpcore import AnyIOBackend

from scrapersky.errors import InputError, RefusedError
from scrapersky.web.fetcher import Fetcher
from tests.support.inward import REFUSED, UNREADABLE
from tests.support.postgres import make_settings

NOWHERE = ["unshare", "--net", "--map-root-user"]
ALL_OF_THEM = """
import contextlib, io, socket, sys
from scrapersky.cli import main
from tests.support.inward import REFUSED, UNREADABLE

sent = []
def nowhere(*a, **k):
    sent.append(a)
    raise OSError("no connection may be tried")
socket.socket.connect = socket.socket.connect_ex = socket.socket.sendto = nowhere
wrong = []
for expected, urls in ((77, REFUSED), (65, UNREADABLE)):
    for url in urls:
        sys.argv = ["scrapersky", "fetch", "--json", "--", url]
        with contextlib.redirect_stderr(io.StringIO()) as words, contextlib.redirect_stdout(io.StringIO()) as out:
            try:
                main()
            except SystemExit as end:
                code = end.code
        if code != expected or out.getvalue() or not words.getvalue():
            wrong.append((url, code, words.getvalue()))
print(*map(ascii, wrong), sep="\\n", end="")
print(f"sent: {sent}", end="")
"""


@pytest.fixture
def connects(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Connections that were attempted; none is made, and no name server is asked."""
    attempted: list[str] = []
    look_up = socket.getaddrinfo

    def numeric(host: str, port: None, **kind: Any) -> Any:
        return look_up(host, port, **kind, flags=socket.AI_NUMERICHOST)

    async def nowhere(_: AnyIOBackend, host: str, port: int, *__: Any, **___: Any) -> Any:
        attempted.append(f"{host}:{port}")
        raise AssertionError("a connection was attempted")

    monkeypatch.setattr(AnyIOBackend, "connect_tcp", nowhere)
    monkeypatch.setattr(socket, "getaddrinfo", numeric)
    return attempted


async def test_every_spelling_is_refused(connects: list[str]) -> None:
    async with Fetcher(make_settings("postgresql://unused", fetch_allow_networks="")) as fetcher:
        for url in REFUSED:
            with pytest.raises(RefusedError) as refused:
                await fetcher.get(url)
            assert refused.value.cause in {"address-refused", "port-refused"}, url
    assert connects == []


async def test_what_is_no_url_is_said_to_be_none(connects: list[str]) -> None:
    async with Fetcher(make_settings("postgresql://unused", fetch_allow_networks="")) as fetcher:
        for url in UNREADABLE:
            with pytest.raises(InputError):
                await fetcher.get(url)
    assert connects == []


def test_the_command_says_77_or_65_where_nothing_could_be_sent() -> None:
    if (
        shutil.which("unshare") is None
        or subprocess.run([*NOWHERE, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("no network namespaces here")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd()), "FETCH_CONNECT_TIMEOUT": "1"}
    done = subprocess.run(
        [*NOWHERE, sys.executable, "-c", ALL_OF_THEM], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout == "sent: []", done.stderr
