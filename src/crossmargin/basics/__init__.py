"""What every other room stands on: money, identifiers, dates, refusals, digests.

Nothing here knows of Treasuries, futures, margin or files, and nothing here is a float array.
"""
