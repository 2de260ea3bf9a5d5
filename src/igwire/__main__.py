"""`python -m igwire`."""

from igwire.cli import main

main()
