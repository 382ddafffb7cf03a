"""``python -m scrapersky.cli``, for where the command is not on the path."""

from scrapersky.cli import main

if __name__ == "__main__":
    main()
