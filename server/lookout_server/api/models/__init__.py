"""What goes over HTTP. Built from the services' views; examples are part of the OpenAPI document."""
