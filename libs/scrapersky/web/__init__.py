"""Reading other people's websites: safely, politely, boundedly."""
