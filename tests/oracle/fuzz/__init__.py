"""New questions made out of the corpus' own: mutated, crossed, and shrunk where the answers differ."""
