"""Requests to erase a person: taken at once, done by the worker lot by lot."""
