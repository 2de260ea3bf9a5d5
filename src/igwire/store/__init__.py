"""The raw store: what came from the web, as it came."""
