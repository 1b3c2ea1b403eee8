"""Files of the clearing day: novations, trades, instructions, payments, positions, custody."""

from crossmargin.feeds.books.inbox import FolderInbox
from crossmargin.feeds.books.reading import read_day_file
from crossmargin.feeds.books.writing import day_file_text, write_once

__all__ = ["FolderInbox", "day_file_text", "read_day_file", "write_once"]
