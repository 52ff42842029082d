"""How AWS is asked: clients, requests as forms, and what its errors mean."""
