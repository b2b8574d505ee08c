"""What the tests of the client share."""

from hypothesis import settings

# The machine that runs the tests is shared; how long one example takes says nothing about the code.
settings.register_profile("client", deadline=None)
settings.load_profile("client")
