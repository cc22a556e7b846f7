"""Ways to explain a payment, one file each: every rule proposes hypotheses and decides nothing."""
