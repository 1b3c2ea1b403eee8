"""The day's reports, made from the books: what each needs is read here, the rules are reporting's."""
