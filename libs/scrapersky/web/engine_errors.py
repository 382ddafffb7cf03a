"""The HTTP engine's errors, in our words; each with a cause that an operator can act on."""

import ssl
from collections.abc import Iterator

import httpcore

from scrapersky.errors import PermanentError, TransientError, WorkError

ENGINE_ERRORS = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)

_CONNECTION_ENDED = ("disconnected", "closed connection", "ConnectionTerminated", "StreamReset")
_HEADERS_TOO_LARGE = ("buffer too long", "oversized", "header", "Header")


def translate(error: Exception, url: str) -> WorkError:
    """One of `ENGINE_ERRORS` as a TransientError or PermanentError that names the URL."""
    if isinstance(error, httpcore.TimeoutException):
        if isinstance(error, httpcore.ConnectTimeout):
            return TransientError("connect-timeout", f"{url}: no connection in time")
        return TransientError("read-timeout", f"{url}: silence in the middle of an answer")
    if isinstance(error, httpcore.ConnectError):
        return _connecting(error, url)
    return _talking(error, url)


def _talking(error: Exception, url: str) -> WorkError:
    if isinstance(error, httpcore.LocalProtocolError):
        return PermanentError("bad-request", f"{url}: cannot be asked for: {error}")
    text = str(error)
    if isinstance(error, httpcore.NetworkError) or any(words in text for words in _CONNECTION_ENDED):
        return TransientError("connection-lost", f"{url}: the connection broke: {text or type(error).__name__}")
    if any(words in text for words in _HEADERS_TOO_LARGE):
        return PermanentError("headers-too-large", f"{url}: {text}")
    return TransientError("bad-response", f"{url}: not HTTP as it should be: {text or type(error).__name__}")


def _connecting(error: httpcore.ConnectError, url: str) -> WorkError:
    for reason in _reasons(error):
        if isinstance(reason, ssl.SSLCertVerificationError):
            return PermanentError("tls-certificate", f"{url}: its certificate is not valid: {reason.verify_message}")
        if isinstance(reason, ssl.SSLError):
            return PermanentError("tls-failure", f"{url}: no TLS connection: {reason.reason or reason}")
        if isinstance(reason, ConnectionRefusedError):
            return TransientError("connect-refused", f"{url}: nobody listens there")
    return TransientError("connect-failed", f"{url}: no connection: {error}")


def _reasons(error: BaseException) -> Iterator[BaseException]:
    yield error
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _reasons(each)
    cause = error.__cause__ or error.__context__
    if cause is not None:
        yield from _reasons(cause)
