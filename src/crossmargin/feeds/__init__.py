"""Files in: positions and published market data, read, checked, refused with line and reason."""
