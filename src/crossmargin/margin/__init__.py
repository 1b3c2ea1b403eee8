"""Historical simulation shared by both models: exact sums, exact ranks."""
