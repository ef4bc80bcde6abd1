"""The modelling language: what a model is, and how it becomes a ``TransitionSystem``."""
