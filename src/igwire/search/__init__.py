"""What a search means, and asking for it."""
