"""Files of the clearing organizations, read to be compared with our figures, and written as ours.

Public are the names of the reports, their first columns and the first columns of MARGIN001; every
other column name here is inferred, and can be given by the user.
"""
