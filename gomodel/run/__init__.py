"""Running models: traces, the concrete runner (CPython itself), the reference engine, verdicts."""
