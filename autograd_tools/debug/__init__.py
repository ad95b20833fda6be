"""Tools that find the operation behind a NaN, a lost gradient or a formula."""
