"""The controlled list of topics with its vocabulary in several languages: reviewed data beside its reader."""

from igwire.kb.topics.loader import Rule, Topic, Topics, load

__all__ = ["Rule", "Topic", "Topics", "load"]
