"""The books as use cases: participation, movements of property, intake of positions, the trace."""
