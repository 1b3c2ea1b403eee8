"""Porting (17 CFR 190.07): whose account goes to which BD-FCM, whole or in part, and why not.

Customers and receivers are values; who admits whom, what moves, the best assignment and the proof
for everyone who stays follow from them. Margins are inputs: they are computed afresh elsewhere.
"""
