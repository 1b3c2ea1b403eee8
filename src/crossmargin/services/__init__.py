"""Use cases: what the command line, the Python API and later faces all call."""
