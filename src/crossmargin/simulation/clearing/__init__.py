"""The other parties of a simulated day: customers, banks, custodians, FICC and CME.

They keep books of their own and share no code with the ledger: what they answer can contradict it.
"""
