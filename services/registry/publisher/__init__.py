"""OUT: domain event → record on registry.events.v1, and the wire form that reads serve; one file per aggregate."""
