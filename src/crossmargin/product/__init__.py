"""What is traded: Treasury securities, repo, futures contracts and their baskets."""
