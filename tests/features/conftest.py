from hypothesis import settings

# A busy machine is no reason to fail.
settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")
