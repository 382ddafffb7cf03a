"""The container's entrypoint: one run, configured by the environment."""

from scrapersky.service import main
from services.local_business_enrichment import process_places_search_background

if __name__ == "__main__":
    main(process_places_search_background)
