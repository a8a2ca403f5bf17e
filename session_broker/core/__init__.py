"""Sans-IO: state tables, placement, tickets. Time and randomness are arguments, effects are returned."""
