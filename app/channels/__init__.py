"""How a message leaves: `base` has the contract, each other file is one channel or what channels share."""
