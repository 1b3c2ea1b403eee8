"""The books on a database: SQLite in a file, or PostgreSQL, by one address."""
