"""Pictures drawn with letters: pure functions from a model and a width to lines of spans.

A span is (text, role). Roles become colours only when a line is painted (karptui.tui.appearance.look), so everything in
this package can be tested, exported and printed without an application, a theme or a terminal.
"""
