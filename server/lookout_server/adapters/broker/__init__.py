"""The embedded broker: accounts, access rules, and the child process that serves them."""
