"""The report: a view of released results, in Danish or English; it estimates nothing."""
