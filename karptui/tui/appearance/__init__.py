"""Themes, roles and contrast, and how lines reach the terminal."""
