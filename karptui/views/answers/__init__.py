"""Why, in full: the answer for whatever the cursor is on."""
