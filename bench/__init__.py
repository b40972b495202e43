"""Benchmarks against bare limits, both sides in one run; only the ratios count."""
