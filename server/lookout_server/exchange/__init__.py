"""Documents that people exchange with the dispatcher, the same whether they come as a file or through the API."""
