"""What a default needs beyond positions and market: the firm's facts, read and refused whole."""
