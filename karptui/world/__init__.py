"""What the events so far add up to: state, timelines, ledger, journal."""
