"""What the best service in Python could do: the bare work of each goal, in hand-written statements."""
