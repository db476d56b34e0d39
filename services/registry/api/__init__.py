"""IN: gRPC request → command or query → response, one file per service of the contract. No rules here."""
