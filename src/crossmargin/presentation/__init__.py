"""A result as the one document that command line and HTTP share."""
