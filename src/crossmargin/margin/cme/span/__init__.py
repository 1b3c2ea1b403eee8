"""SPAN: the parameter set of one day, the calculation by combined commodity, and the model."""
