"""TLS that cannot be trusted, each with its cause; proxies, with the guard still up."""

import asyncio
import ssl
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from scrapersky.errors import PermanentError, RefusedError, TransientError
from scrapersky.web.fetcher import Fetcher
from tests.support.postgres import make_settings

HOST = "secure.example"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"


def self_signed(directory: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = directory / "self.pem"
    path.write_bytes(key.private_bytes(pem, *plain) + certificate.public_bytes(pem))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return context


def context_of(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context


@pytest.mark.parametrize(
    ("certificate", "cause"),
    [
        ("good", None),
        ("wrong host", "tls-wrong-host"),
        ("expired", "tls-expired"),
        ("not yet", "tls-expired"),
        ("unknown authority", "tls-unknown-authority"),
        ("self-signed", "tls-self-signed"),
        ("no TLS at all", "tls-failure"),
    ],
)
async def test_certificates(tmp_path: Path, certificate: str, cause: str | None) -> None:
    authority, now = trustme.CA(), datetime.now(UTC)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    (tmp_path / "hosts").write_text(f"127.0.0.1 {HOST}\n")
    contexts: dict[str, Any] = {
        "good": lambda: context_of(authority.issue_cert(HOST)),
        "wrong host": lambda: context_of(authority.issue_cert("other.example")),
        "expired": lambda: context_of(authority.issue_cert(HOST, not_after=now - timedelta(days=1))),
        "not yet": lambda: context_of(authority.issue_cert(HOST, not_before=now + timedelta(days=1))),
        "unknown authority": lambda: context_of(trustme.CA().issue_cert(HOST)),
        "self-signed": lambda: self_signed(tmp_path),
        "no TLS at all": lambda: None,
    }
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(1000))
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=contexts[certificate]())
    more = {"fetch_hosts_file": tmp_path / "hosts", "fetch_ca_file": tmp_path / "ca.pem"}
    port_map = f"443={server.sockets[0].getsockname()[1]}"
    async with server, Fetcher(make_settings("postgresql://unused", fetch_port_map=port_map, **more)) as fetcher:
        if cause is None:
            assert (await fetcher.get(f"https://{HOST}/", obey_robots=False))[1] == b"hello"
            return
        with pytest.raises(PermanentError) as error:
            await fetcher.get(f"https://{HOST}/", obey_robots=False)
    assert error.value.cause == cause
    assert HOST in str(error.value)
    assert not any(b"GET" in octets for octets in asked)


class Proxy:
    """Answers CONNECT as told, then as the website; keeps what it was asked."""

    def __init__(self, answer: bytes) -> None:
        self.asked: list[bytes] = []
        self._answer = answer

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self._answer)
        if b" 200 " in self._answer:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER)
        await writer.drain()
        writer.close()


async def through(proxy: Proxy, url: str, **more: Any) -> bytes:
    server = await asyncio.start_server(proxy.talk, "127.0.0.1", 0, ssl=more.pop("tls", None))
    address = f"{more.pop('user', '')}127.0.0.1:{server.sockets[0].getsockname()[1]}"
    settings = make_settings(
        "postgresql://unused",
        fetch_allow_networks="",
        fetch_proxy=f"{more.pop('scheme', 'http')}://{address}",
        fetch_connect_timeout=2,
        **more,
    )
    async with server, Fetcher(settings) as fetcher:
        return (await fetcher.get(url, obey_robots=False))[1]


async def test_a_proxy_gets_the_address_and_its_password() -> None:
    proxy = Proxy(b"HTTP/1.1 200 Connection established\r\n\r\n")
    assert await through(proxy, "http://93.184.215.14/", user="me:p%40ss@") == b"hello"
    [asked] = proxy.asked
    assert asked.startswith(b"CONNECT 93.184.215.14:80 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic " + b64encode(b"me:p@ss") + b"\r\n" in asked


async def test_ipv6_goes_to_a_proxy_in_brackets() -> None:
    proxy = Proxy(b"HTTP/1.1 200 OK\r\n\r\n")
    assert await through(proxy, "http://[2606:4700::1111]/") == b"hello"
    assert proxy.asked[0].startswith(b"CONNECT [2606:4700::1111]:80 HTTP/1.1\r\n")


async def test_a_proxy_may_itself_speak_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    proxy, tls = Proxy(b"HTTP/1.1 200 OK\r\n\r\n"), context_of(authority.issue_cert("127.0.0.1"))
    secure = {"scheme": "https", "tls": tls, "fetch_ca_file": tmp_path / "ca.pem"}
    assert await through(proxy, "http://93.184.215.14/", **secure) == b"hello"


@pytest.mark.parametrize("answer", [b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", b"", b"x" * 20_000])
async def test_a_proxy_that_refuses(answer: bytes) -> None:
    with pytest.raises(TransientError, match="FETCH_PROXY"):
        await through(Proxy(answer), "http://93.184.215.14/")


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/", "http://127.0.0.1/", "http://[::ffff:10.0.0.1]/", "http://localhost/"]
)
async def test_a_proxy_is_no_way_in(url: str) -> None:
    proxy = Proxy(b"HTTP/1.1 200 OK\r\n\r\n")
    with pytest.raises(RefusedError):
        await through(proxy, url)
    assert proxy.asked == []
