"""What moves a requirement: explanation and sensitivity of results already computed."""
