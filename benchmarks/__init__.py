"""How fast the compiled engine is, and how much memory it takes: ``python -m benchmarks``."""
