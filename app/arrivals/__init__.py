"""Arrivals: what carriers sent or answered, raw, kept before anything is made of it."""
