"""Commands of the disruption engine carried out, and what is said of them."""
