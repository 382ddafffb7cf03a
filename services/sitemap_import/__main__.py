"""The container's entrypoint: one run, configured by the environment."""

from scrapersky.service import main
from services.sitemap_import import process_sitemap_imports

if __name__ == "__main__":
    main(process_sitemap_imports)
