"""The floor of an import: lxml's iterparse reads only loc and lastmod, one COPY writes the same rows to the same table.

Arguments: the file's URL, and the ids of tenant, domain and sitemap file.
"""

import gzip
import io
import json
import os
import sys
from collections.abc import Iterator
from time import perf_counter
from urllib.request import urlopen

import psycopg
from lxml import etree

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
COPY = "COPY pages (tenant_id, domain_id, url, last_modified, sitemap_file_id, lead_source) FROM STDIN"


def entries(body: bytes) -> Iterator[tuple[str | None, str | None]]:
    """Locations and dates, as the file has them."""
    for _, url in etree.iterparse(io.BytesIO(body), tag=f"{SITEMAP}url"):
        yield url.findtext(f"{SITEMAP}loc"), url.findtext(f"{SITEMAP}lastmod")
        url.clear()
        while (earlier := url.getprevious()) is not None and (parent := earlier.getparent()) is not None:
            parent.remove(earlier)


def main() -> None:
    """Print seconds."""
    address, tenant, domain, file = sys.argv[1:]
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        began = perf_counter()
        with urlopen(address) as response:
            body = response.read()
        if body.startswith(b"\x1f\x8b"):
            body = gzip.decompress(body)
        with connection.cursor() as cursor, cursor.copy(COPY) as copy:
            for loc, lastmod in entries(body):
                copy.write_row((tenant, domain, loc, lastmod, file, "floor"))
        connection.commit()
        print(json.dumps({"seconds": perf_counter() - began}))


if __name__ == "__main__":
    main()
