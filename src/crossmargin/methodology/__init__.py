"""The methodology pack: sections made of results, in which no figure is typed in."""
