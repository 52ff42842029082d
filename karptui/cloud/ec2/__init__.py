"""Amazon EC2 behind the provider seam: instance types, prices, launch, describe, terminate, interruption."""
