"""ScraperSky's common library: the database, the queue, the web, and the command line."""
