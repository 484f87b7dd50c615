"""Published tables, computed again from the data and compared to the printed digit."""
