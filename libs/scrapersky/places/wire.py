"""One exchange with the Places API over HTTP, bounded in time and size; httpx's errors become ours here.

Not the guarded fetcher: the operator names the address, and it may well be private. FETCH_PROXY and FETCH_CA_FILE hold
here too, since a cluster has one way out; proxy variables of the environment do not.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from scrapersky.errors import PermanentError, TransientError
from scrapersky.settings import Settings
from scrapersky.web.transport import tls_context

LONGEST_ANSWER = 4 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """Connections to the Places API.

    Args:
        settings: PLACES_BASE_URL, and the FETCH_ settings for time-outs, the proxy and certificate authorities.

    Raises:
        ConfigurationError: FETCH_CA_FILE cannot be read.
    """

    def __init__(self, settings: Settings) -> None:
        self._total = settings.fetch_total_timeout
        self._http = httpx.AsyncClient(
            base_url=str(settings.places_base_url),
            timeout=httpx.Timeout(settings.fetch_read_timeout, connect=settings.fetch_connect_timeout),
            verify=tls_context(settings),
            proxy=None if settings.fetch_proxy is None else str(settings.fetch_proxy),
            trust_env=False,
            follow_redirects=False,
            # Without content codings the bytes read are the bytes sent, and the bound is exact.
            headers={"Accept-Encoding": "identity"},
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def exchange(
        self, method: str, path: str, headers: Mapping[str, str], body: Mapping[str, Any] | None
    ) -> Answer:
        """Send one request and read the answer, whatever its status.

        Raises:
            TransientError: No answer in time, or none at all.
            PermanentError: The answer is longer than 4 MiB.
        """
        try:
            async with (
                asyncio.timeout(self._total),
                self._http.stream(method, path, headers=headers, json=body) as response,
            ):
                text = bytearray()
                async for piece in response.aiter_raw():
                    text += piece
                    if len(text) > LONGEST_ANSWER:
                        raise PermanentError("places-answer", f"Places answered more than {LONGEST_ANSWER:,} bytes")
                return Answer(response.status_code, response.headers, bytes(text))
        except (httpx.TimeoutException, TimeoutError):
            raise TransientError("places-timeout", f"Places did not answer {method} {path} in time") from None
        except httpx.HTTPError as error:
            raise TransientError("places-unreachable", f"Places cannot be reached: {error}") from None
