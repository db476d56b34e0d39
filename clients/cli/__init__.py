"""The `swtalent` command: one file per group, each with `app` (typer); `__main__` lists them."""
