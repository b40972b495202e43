"""The outbox: messages to send, each a row with its cause, and the ledger of attempts and reasons not to send."""
