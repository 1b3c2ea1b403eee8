"""FICC-style margin: key-rate historical simulation, haircut book, floor percentage."""
