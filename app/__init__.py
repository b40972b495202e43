"""The service: what carriers say, taken in, decided, told and answered."""
