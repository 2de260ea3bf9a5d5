"""The state of everything, in a database of its own."""
