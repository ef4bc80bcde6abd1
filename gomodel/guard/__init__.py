"""What protects models from being changed by accident: behavioural diff, the manifest, the guard."""
