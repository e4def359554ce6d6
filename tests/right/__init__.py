"""Right implementations, each written in another way: none of them may be accused. One file per operation."""
