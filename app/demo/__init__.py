"""Everything on one machine: journeys, stand-ins that speak real carriers' formats, a mailbox, a webhook receiver."""
