"""IN: Kafka → commands: departments' records, and the sagas on the registry's own events. No rules here."""
