"""Label Studio, there and back: the labelling interface, tasks, the merge, the client, a local server."""
