"""Hostile input: the running API by what its document says, each adapter by broken bytes."""
