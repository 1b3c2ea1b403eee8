"""The controls of customer protection, asked of a day's books from what they hold."""
