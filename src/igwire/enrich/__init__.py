"""Who, what and where: names found in a text, supported, linked, explained."""
