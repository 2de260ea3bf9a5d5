"""Documents, the indices that hold them, and how they get there."""
