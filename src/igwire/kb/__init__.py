"""The knowledge base: who and what igwire knows by name. Reviewed YAML files, one a type, read by `load`, the package's own once a process by `packaged`."""

from igwire.kb.entity import Entity
from igwire.kb.loader import KnowledgeBase, load, packaged

__all__ = ["Entity", "KnowledgeBase", "load", "packaged"]
