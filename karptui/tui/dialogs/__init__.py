"""What comes over a screen: palette, help and tour, questions before something is written."""
