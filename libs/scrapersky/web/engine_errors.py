"""The HTTP engine's errors, in our words; each with a cause that an operator can act on."""

import ssl
from collections.abc import Iterator

import httpcore

from scrapersky.errors import PermanentError, TransientError, WorkError

ENGINE_ERRORS = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)

_CONNECTION_ENDED = ("disconnected", "closed connection", "ConnectionTerminated", "StreamReset")
_HEADERS_TOO_LARGE = ("buffer too long", "oversized")
# Why a certificate was not accepted: OpenSSL's X509_V_ERR_…
_CERTIFICATE = {
    9: ("tls-expired", "is not valid yet"),
    10: ("tls-expired", "has expired"),
    18: ("tls-self-signed", "is signed by itself"),
    19: ("tls-unknown-authority", "comes from an authority that signed itself and that we do not know"),
    20: ("tls-unknown-authority", "comes from an authority that we do not know, or the chain to it is not sent"),
    21: ("tls-unknown-authority", "comes from an authority that we do not know, or the chain to it is not sent"),
    62: ("tls-wrong-host", "is for another host"),
    64: ("tls-wrong-host", "is for another host"),
}


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
        return _not_spoken_by_us(error, url)
    text = str(error)
    if isinstance(error, httpcore.NetworkError) or any(words in text for words in _CONNECTION_ENDED):
        return TransientError("connection-lost", f"{url}: the connection broke: {text or type(error).__name__}")
    if any(words in text for words in _HEADERS_TOO_LARGE):
        return PermanentError("headers-too-large", f"{url}: more of headers than we read ({text})")
    return TransientError("bad-response", f"{url}: not HTTP as it should be: {text or type(error).__name__}")


def _not_spoken_by_us(error: httpcore.LocalProtocolError, url: str) -> WorkError:
    """The engine says this also of what an HTTP/2 peer sent, with h2's error as its reason."""
    from h2.exceptions import DenialOfServiceError, ProtocolError

    reason = error.args[0] if error.args else None
    if isinstance(reason, DenialOfServiceError):
        return PermanentError("headers-too-large", f"{url}: {reason}")
    if isinstance(reason, ProtocolError):
        return TransientError("bad-response", f"{url}: not HTTP/2 as it should be: {reason}")
    return PermanentError("bad-request", f"{url}: cannot be asked for: {error}")


def _connecting(error: httpcore.ConnectError, url: str) -> WorkError:
    for reason in _reasons(error):
        if isinstance(reason, ssl.SSLCertVerificationError):
            cause, words = _CERTIFICATE.get(reason.verify_code, ("tls-certificate", "is not valid"))
            return PermanentError(cause, f"{url}: its certificate {words} ({reason.verify_message})")
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
