"""What every test may ask for; nothing here starts anything before a test does."""

pytest_plugins = ["tests.control_plane.fixtures"]
