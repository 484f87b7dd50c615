"""Registers: each declared once, read as they are, aligned by ISO week; and synthetic ones with a known effect."""
