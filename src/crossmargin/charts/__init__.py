"""One figure per question, as Plotly figures; the only room that imports plotly."""
