"""The feed hub: one reader of the database, many clients."""

from lookout_server.adapters.feed.hub import FeedHub

__all__ = ["FeedHub"]
