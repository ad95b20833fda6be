"""Programs as code that runs fast."""
