"""The document of a previous run of ``xm margin``: read, verified, refused with reasons."""
