"""What benchmarks run in processes of their own: ours, the floors, and the peers in their environments."""
