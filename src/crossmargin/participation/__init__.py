"""Who may take part: BD-FCMs, customers, their documents, and the rule that decided."""
