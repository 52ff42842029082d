"""Stages and times: of pods, NodeClaims, interruptions and stories."""
