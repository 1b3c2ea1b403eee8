"""Crossmargin: customer cross-margining of Treasuries at FICC and rate futures at CME.

Public names are resolved when they are first used, so that importing the package stays quick.
"""
