"""How a ledger of an older Lettrage becomes one of this Lettrage; one file per revision, triggers beside them."""
