"""Retention: what is old fades, as far and as late as the operator has set, and totals stay."""
