"""MT940, MT942 and MT950: the SWIFT customer statement formats."""
