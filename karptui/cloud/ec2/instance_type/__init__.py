"""Instance types as a NodeClass makes them: facts, capacity, requirements, offerings."""
