"""The segregated ledger: accounts, transfers that never change, and what may be posted.

It knows whole amounts and no prices. Every transfer has one debit and one credit account, stays in
one segregation class, and is judged by a closed list of answers in a fixed order.
"""
