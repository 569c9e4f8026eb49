"""What several tests need: bundles, benches, trainings, commands."""
