"""MQTT: the dispatcher's connection, the intake loop behind it, and the relay of what it has to say."""
