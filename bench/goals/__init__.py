"""What is measured: a file for each goal, or for those that belong together."""
