"""What is remembered: the state that outlives the process, in one file of its own."""
