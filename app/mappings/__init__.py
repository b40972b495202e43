"""Rows that mend a carrier's table: what a code means, as somebody has said it, for a company or for everybody."""

from app.mappings.known import KnownRows, Overrides
from app.mappings.rows import EVERYBODY, Mapping, MappingState, Meaning

__all__ = ["EVERYBODY", "KnownRows", "Mapping", "MappingState", "Meaning", "Overrides"]
