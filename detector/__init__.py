"""Finds the same email sent again and again in mail-send logs, and prepares everything for making it right."""

__version__ = "0.1.0"
