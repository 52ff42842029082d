"""What the screens show, for the command line: the same views as text, JSON, Markdown and CSV."""
