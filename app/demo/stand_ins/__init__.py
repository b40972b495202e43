"""Local servers that speak the wire formats of real carriers; the demo and the tests use the same ones."""
