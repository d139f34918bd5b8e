"""Deliberate deviations of the simulated ports, and legal oddities beside them."""
