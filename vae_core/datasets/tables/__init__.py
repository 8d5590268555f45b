"""Tables: columns of numbers and names."""
