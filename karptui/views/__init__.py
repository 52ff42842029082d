"""What a person is shown, as plain data, without a screen."""
