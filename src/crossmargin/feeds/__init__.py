"""Files in, read, checked, refused with line and reason; and files out.

In: positions, published market data, SPAN parameters, files of the clearing organizations, charge
histories, documents of previous runs, drift series. Out: market directories, SPAN parameters, our
figures in the shapes of the clearing organizations, drift series.
"""
