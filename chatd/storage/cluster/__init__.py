"""What several processes keep in the database that one keeps in memory. Only PostgreSQL has these tables."""
