"""Figure 1 of the paper, box by box."""
