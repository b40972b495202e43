"""HTTP only: each route checks what came in, calls one function and answers."""
