"""What PostgreSQL alone has: its order of commits, lost connections, other processes, its own tables."""
