"""The socket: its handshake, the loop that reads frames, and the two dialects."""
