"""What the dispatcher does, one use case a function. Everything outside comes in through ports; so does the time."""
