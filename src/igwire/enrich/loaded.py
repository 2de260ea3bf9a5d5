"""All that tagging a text needs under anybody's settings, built by importing this module: for a fork server, whose workers then begin with it (`isolate`)."""

from igwire.enrich.tagger import packaged_tagger

packaged_tagger().build()
