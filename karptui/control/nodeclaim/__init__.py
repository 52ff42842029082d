"""Controllers of NodeClaims: launch, registration, liveness, conditions, termination."""
