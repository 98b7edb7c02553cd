"""Running the service: its processes, its engine, its log, the demo school."""
