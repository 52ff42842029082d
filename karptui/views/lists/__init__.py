"""Rows of the screens: pools, pods, nodes, decisions, budgets, savings, acts."""
