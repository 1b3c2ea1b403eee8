"""The day's reports, made from the books: read here, by the rules of the room reporting."""
