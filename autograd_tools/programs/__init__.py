"""Programs: functions captured as lists of NumPy calls, written as source, and run."""
