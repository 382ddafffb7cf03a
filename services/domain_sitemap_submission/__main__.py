"""The container's entrypoint: one run, configured by the environment."""

from scrapersky.service import main
from services.domain_sitemap_submission import process_pending_domain_sitemap_submissions

if __name__ == "__main__":
    main(process_pending_domain_sitemap_submissions)
