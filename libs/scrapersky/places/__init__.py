"""Google Places (New): client, answers and their mapping to rows."""
