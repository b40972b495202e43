"""Crashes: real processes killed at random under load; what was acknowledged must be there afterwards."""
