"""What happens when someone fails: the rules, as values made of values.

Claims (17 CFR 190.08), property and its allocation (190.08(c), 190.09), distribution pooled and by
framework 1 of Appendix B, transfers (190.07), entitlements under Article 8 of the NYUCC, and the
sharing of a loss between the clearing organizations. Exact until cents are paid; no I/O.
"""
