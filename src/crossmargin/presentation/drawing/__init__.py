"""Figures as lines, shapes and words, from a figure's own data: for paper and without a script.

What is not a trace or an axis of the room ``charts`` is refused: nothing is drawn half.
"""
