"""``python -m gomodel``."""

from .cli import main

main()
