"""The views as Textual screens and widgets; sends intents and changes nothing itself."""
