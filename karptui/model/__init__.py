"""What the domain is made of. No I/O, no clock, no random source."""
