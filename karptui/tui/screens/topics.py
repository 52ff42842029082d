"""What the parts that every screen has are drawn anew for."""

HEAD_TOPICS = (
    "pods", "nodes", "nodeclaims", "streams", "connected", "catalogue", "frozen", "unit", "second", "head", "brakes",
)  # fmt: skip
WHY_TOPICS = ("cursor", "survey", "pods", "nodes", "nodeclaims", "decisions", "preview", "second", "frozen")
SENTENCE_TOPICS = (
    "pods", "nodeclaims", "decisions", "preview", "streams", "narration", "problems", "frozen", "cursor", "second",
    "subject", "filter",
)  # fmt: skip
