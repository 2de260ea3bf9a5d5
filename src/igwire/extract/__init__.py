"""From the bytes of a page to an article."""

# What a pool of workers that extract pages loads before they are forked; a name, so that who only hands pages out does not load it.
LOADED = "igwire.extract.loaded"
