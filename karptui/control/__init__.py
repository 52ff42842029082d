"""Active mode: one small reconciler a file."""
