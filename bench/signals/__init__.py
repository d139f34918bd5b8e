"""Sampled voltages and currents, and what they amount to: pure numbers, no protocol."""
