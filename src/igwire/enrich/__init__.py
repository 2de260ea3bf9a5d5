"""Who, what and where: names found in a text, supported, linked, explained."""

# What a pool of workers that tag texts loads before they are forked; see `extract.LOADED`.
LOADED = "igwire.enrich.loaded"
