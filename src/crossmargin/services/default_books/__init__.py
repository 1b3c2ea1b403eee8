"""Use cases on the books of a default: declared, run on a copy, reported from the records."""
