"""Views that are kept up to date change by change. Each reads the same as one that was made anew of the whole World."""
