"""The routes: each reads the request, calls one service and shapes the answer."""
