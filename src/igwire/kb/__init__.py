"""The knowledge base: who and what igwire knows by name. Reviewed YAML files, one a type, read by `load`."""

from igwire.kb.entity import Entity
from igwire.kb.loader import KnowledgeBase, load

__all__ = ["Entity", "KnowledgeBase", "load"]
