"""The container's entrypoint: one run, configured by the environment."""

from scrapersky.service import main
from services.domain_scheduler import process_pending_domains

if __name__ == "__main__":
    main(process_pending_domains)
