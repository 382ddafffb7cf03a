"""The small Internet, seen through the real fetcher: each site is what its data say."""

import pytest

from scrapersky.errors import WorkError
from scrapersky.web.fetcher import Fetcher
from scrapersky.web.site import open_home
from tests.internet.hostile import hostile_sites
from tests.internet.network import SmallInternet
from tests.internet.site import Site
from tests.internet.sites import friendly_sites
from tests.support.internet import online


def test_no_two_sites_are_of_one_kind() -> None:
    kinds = [site.kind for site in friendly_sites() + hostile_sites()]
    assert len(kinds) == len(set(kinds)) >= 22


@pytest.mark.parametrize("site", friendly_sites(), ids=lambda site: site.host)
async def test_friendly_sites_have_a_home_page(site: Site, internet: SmallInternet) -> None:
    async with Fetcher(online(internet)) as fetcher:
        for _ in range(3):
            try:
                response, body = await open_home(fetcher, site.host)
            except WorkError as error:
                assert error.cause in {"http-503", "http-429", "host-busy"}  # noqa: PT017
            else:
                break
        assert response.status == 200
        assert site.origin in response.final_url
        assert 20_000 < len(body) < 200_000


@pytest.mark.parametrize("site", [s for s in hostile_sites() if s.promise.scan is not None], ids=lambda site: site.host)
async def test_hostile_sites_fail_with_the_cause_they_promise(site: Site, internet: SmallInternet) -> None:
    async with Fetcher(online(internet)) as fetcher:
        with pytest.raises(WorkError) as failure:
            await open_home(fetcher, site.host)
    assert failure.value.cause == site.promise.scan
    assert site.host in str(failure.value)
