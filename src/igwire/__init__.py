"""igwire: feeds → fetch → extract → enrich → index → search, for internet-governance news."""

__version__ = "0.1.0"
