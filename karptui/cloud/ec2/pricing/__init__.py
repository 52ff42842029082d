"""Prices and commitments: shipped, asked for, kept on disk."""
