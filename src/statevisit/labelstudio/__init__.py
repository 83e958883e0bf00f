"""The exchange with Label Studio: interface, tasks, import and merge, client, local server."""
