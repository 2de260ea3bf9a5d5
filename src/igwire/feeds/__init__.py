"""Sources, their feeds, and which entries become items."""
