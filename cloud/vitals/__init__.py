"""What was measured: last values, series, waveforms."""
