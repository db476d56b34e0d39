"""Rules of the ministries, dated: rules.json; see README.md."""
