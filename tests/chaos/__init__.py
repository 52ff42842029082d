"""A controller that dies at every write it makes, and another one that has to bring it to a good end."""
