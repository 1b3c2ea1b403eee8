"""The composition root: reads files, builds services, wires adapters. Entry points call it."""
