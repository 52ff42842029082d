"""Decisions about pods carried out, and the catalogue they are made from."""
