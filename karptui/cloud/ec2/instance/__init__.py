"""Instances: chosen, tried, launched, described, tagged, ended; and whether they drifted."""
