"""Small state spaces as graphs, to be drawn."""
