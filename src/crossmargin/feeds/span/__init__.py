"""SPAN parameter files in and out: the expanded positional form and the XML form."""
