"""Running the service: problem details, health, limits."""
