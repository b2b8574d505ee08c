"""The XML gateway of the sandbox: what comes in over HTTP, what a company answers. Functions register in `calls`."""
